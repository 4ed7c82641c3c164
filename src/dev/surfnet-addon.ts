import { createRequire } from 'node:module';
import { MooringError, messageOf } from '../lib/errors.js';

/** What we use of a running Surfnet (`@solana/surfpool-*` 1.5.0, which ships no types). */
export interface Surfnet {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  deploy(program: { programId: string; soPath: string }): void;
  /** Hands over what happened since the last call. Must be called all the time, see surfnet-chain.ts. */
  drainEvents(): unknown[];
  stop(): void;
}

interface SurfnetConfig {
  /** Do not fetch missing accounts from mainnet. */
  readonly offline: boolean;
  /** `clock`: a block every `slotTimeMs`. In `transaction` mode nothing ever finalizes. */
  readonly blockProductionMode: 'clock';
  readonly slotTimeMs: number;
}

interface SurfnetAddon {
  readonly Surfnet: { startWithConfig(config: SurfnetConfig): Surfnet };
}

const require = createRequire(import.meta.url);

/** The optional dependency with the addon for this machine, whether it exists or not. */
export function surfnetPackage(platform: string = process.platform, arch: string = process.arch): string {
  return `@solana/surfpool-${platform}-${arch}${platform === 'linux' ? '-gnu' : ''}`;
}

/** Whether the addon is installed for this machine. Does not load it. */
export function hasSurfnet(): boolean {
  try {
    require.resolve(surfnetPackage());
    return true;
  } catch {
    return false;
  }
}

/** Loads the native addon (43 MB, about 60 ms). Throws MooringError `surfnet-unavailable`. */
export function loadSurfnet(): SurfnetAddon['Surfnet'] {
  try {
    return (require(surfnetPackage()) as SurfnetAddon).Surfnet;
  } catch (error) {
    throw new MooringError(
      'surfnet-unavailable',
      `The embedded chain ${surfnetPackage()} does not load (${messageOf(error)}). Use solana-test-validator or set SOLANA_RPC_URL.`,
      { cause: error },
    );
  }
}
