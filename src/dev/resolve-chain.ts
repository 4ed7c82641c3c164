import { webSocketUrlOf } from '../lib/web-socket-url.js';

/** What a person asked for; the lists are `SOLANA_RPC_URL` and `SOLANA_WS_URL` split at their commas. */
export interface ChainRequest {
  readonly rpcUrls?: readonly string[];
  readonly wsUrls?: readonly string[];
  /** Which chain to start when no URL is given. Default `surfnet`. */
  readonly kind?: 'surfnet' | 'validator';
}

export type ChainChoice =
  | { kind: 'external'; rpcUrls: string[]; wsUrls: string[] }
  | { kind: 'surfnet' }
  | { kind: 'validator'; binary: string }
  | { kind: 'impossible'; reason: string };

/** Decides which chain to use. Pure: `find` looks up an executable, `hasSurfnet` says whether its addon is installed. */
export function resolveChain(
  request: ChainRequest,
  machine: { find: (name: string) => string | undefined; hasSurfnet: boolean; surfnetPackage: string },
): ChainChoice {
  if (request.rpcUrls?.length) {
    const wsUrls = request.wsUrls?.length ? [...request.wsUrls] : request.rpcUrls.map(webSocketUrlOf);
    return { kind: 'external', rpcUrls: [...request.rpcUrls], wsUrls };
  }
  const validator = machine.find('solana-test-validator');
  if (request.kind === 'validator') {
    if (validator !== undefined) return { kind: 'validator', binary: validator };
    return {
      kind: 'impossible',
      reason:
        'solana-test-validator is not on PATH. Install the Solana tools, or leave the kind out to use the embedded Surfnet.',
    };
  }
  if (machine.hasSurfnet) return { kind: 'surfnet' };
  const instead = validator
    ? 'Ask for the solana-test-validator that is on PATH'
    : 'Install solana-test-validator and ask for it';
  return {
    kind: 'impossible',
    reason:
      `The embedded chain's addon ${machine.surfnetPackage} is not installed (it exists for Linux x64 with glibc and ` +
      `for macOS; "npm ci --omit=optional" leaves it out). ${instead}, or set SOLANA_RPC_URL.`,
  };
}
