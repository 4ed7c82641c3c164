import { createRequire } from 'node:module';

interface SurfnetInstance {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly payerSecretKey: number[];
  drainEvents(): unknown;
  stop(): void;
}

interface SurfnetAddon {
  Surfnet: {
    startWithConfig(config: { offline: boolean; blockProductionMode: 'clock'; slotTimeMs: number }): SurfnetInstance;
  };
}

const PACKAGES: Record<string, string> = {
  'linux-x64': '@solana/surfpool-linux-x64-gnu',
  'darwin-x64': '@solana/surfpool-darwin-x64',
  'darwin-arm64': '@solana/surfpool-darwin-arm64',
};

/** An in-process chain of 50 ms slots, straight from the native addon. */
export function startSurfnet(): Pick<SurfnetInstance, 'rpcUrl' | 'wsUrl' | 'payerSecretKey' | 'stop'> {
  const name = PACKAGES[`${process.platform}-${process.arch}`] ?? 'no Surfnet for this platform';
  const addon = createRequire(import.meta.url)(name) as SurfnetAddon;
  const surfnet = addon.Surfnet.startWithConfig({ offline: true, blockProductionMode: 'clock', slotTimeMs: 50 });
  const { rpcUrl, wsUrl, payerSecretKey } = surfnet;
  // Undrained, it deadlocks after ~900 transactions (TRAPS 29).
  const draining = setInterval(() => surfnet.drainEvents(), 50);
  const stop = () => {
    clearInterval(draining);
    surfnet.stop();
  };
  return { rpcUrl, wsUrl, payerSecretKey, stop };
}
