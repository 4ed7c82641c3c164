import { join } from 'node:path';
import { MooringError } from '../lib/errors.js';
import type { DevChain, DevProgram } from './dev-chain.js';
import { openExternalChain } from './external-chain.js';
import { findOnPath } from './find-on-path.js';
import { resolveChain, type ChainRequest } from './resolve-chain.js';
import { hasSurfnet, surfnetPackage } from './surfnet-addon.js';
import { startSurfnetChain } from './surfnet-chain.js';
import { startValidatorChain } from './validator-chain.js';

export interface StartChainOptions extends ChainRequest {
  /** On the chain when `startChain` returns, unless it is a public cluster. */
  readonly programs?: readonly DevProgram[];
  /** Milliseconds per slot of a chain started here; an old ledger keeps its own. Default 400, as mainnet. */
  readonly slotTimeMs?: number;
  /** A validator keeps its ledger over restarts in `chain/` of this directory. A Surfnet cannot: see `DevChain.survivesRestart`. */
  readonly dataDir?: string;
  readonly log?: (line: string) => void;
}

const MAINNET_SLOT_MS = 400;

/**
 * The chain to develop against: the one the URLs name, or one of our own, started here (an embedded Surfnet, or a
 * `solana-test-validator` when asked for). Throws MooringError `chain-unavailable` with what to install, and what the
 * kinds throw.
 */
export async function startChain(options: StartChainOptions = {}): Promise<DevChain> {
  const log = options.log ?? (() => {});
  const programs = options.programs ?? [];
  const choice = resolveChain(options, {
    find: (name) => findOnPath(name),
    hasSurfnet: hasSurfnet(),
    surfnetPackage: surfnetPackage(),
  });
  switch (choice.kind) {
    case 'external':
      return openExternalChain({ ...choice, programs });
    case 'surfnet':
      if (options.dataDir !== undefined) log('the embedded chain lives in memory: it starts anew, without its history');
      return startSurfnetChain({ slotTimeMs: options.slotTimeMs ?? MAINNET_SLOT_MS, programs });
    case 'validator':
      return startValidatorChain({
        binary: choice.binary,
        programs,
        slotTimeMs: options.slotTimeMs ?? MAINNET_SLOT_MS,
        dataDir: options.dataDir && join(options.dataDir, 'chain'),
        log,
      });
    case 'impossible':
      throw new MooringError('chain-unavailable', choice.reason);
  }
}
