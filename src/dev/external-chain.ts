import { Connection } from '@solana/web3.js';
import { MooringError, messageOf } from '../lib/errors.js';
import { deployProgram } from './deploy-program.js';
import type { DevChain, DevProgram } from './dev-chain.js';
import { fundAccount } from './fund-account.js';
import { publicClusterOf } from './public-clusters.js';
import { isLoopback } from '../lib/web-socket-url.js';

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Looks at a chain somebody else runs. Deploys `programs` when it is local; on a public cluster they are expected to be
 * there. Throws MooringError `chain-unreachable`, `chain-mixed` when the URLs lead to different chains.
 */
export async function openExternalChain(options: {
  rpcUrls: readonly string[];
  wsUrls: readonly string[];
  programs: readonly DevProgram[];
}): Promise<DevChain> {
  const genesisHash = await commonGenesis(options.rpcUrls);
  const cluster = publicClusterOf(genesisHash);
  const isLocal = cluster === undefined && options.rpcUrls.every((url) => isLoopback(new URL(url).hostname));
  const whose = cluster ?? 'a chain on another machine';
  const connection = new Connection(options.rpcUrls[0] as string, 'confirmed');
  const chain: DevChain = {
    kind: 'external',
    rpcUrls: [...options.rpcUrls],
    wsUrls: [...options.wsUrls],
    genesisHash,
    survivesRestart: true,
    isLocal,
    fund: async (address, lamports) => {
      if (!isLocal) {
        throw new MooringError('fund-refused', `mooring airdrops on local chains only, and this is ${whose}.`);
      }
      await fundAccount(connection, address, lamports);
    },
    deploy: async (program) => {
      if (!isLocal) {
        throw new MooringError(
          'deploy-refused',
          `mooring deploys to local chains only, and this is ${whose}. Deploy ${program.soPath} with "solana program deploy" yourself.`,
        );
      }
      await deployProgram(connection, program);
    },
    stop: async () => {},
  };
  if (isLocal) {
    for (const program of options.programs) await chain.deploy(program);
  }
  return chain;
}

/** One endpoint that is down does no harm; one that answers from another chain would. */
async function commonGenesis(rpcUrls: readonly string[]): Promise<string> {
  const answers = await Promise.allSettled(rpcUrls.map(genesisHashOf));
  const hashes = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
  const [genesisHash] = hashes;
  if (genesisHash === undefined) {
    const reason = answers.map((answer) => (answer.status === 'rejected' ? messageOf(answer.reason) : '')).join('; ');
    throw new MooringError('chain-unreachable', `No endpoint of SOLANA_RPC_URL answers (${reason}). Is it running?`);
  }
  if (hashes.size > 1) {
    throw new MooringError(
      'chain-mixed',
      'The endpoints of SOLANA_RPC_URL belong to different chains: name one chain.',
    );
  }
  return genesisHash;
}

async function genesisHashOf(rpcUrl: string): Promise<string> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getGenesisHash' }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const { result } = (await response.json()) as { result?: unknown };
  if (typeof result !== 'string')
    throw new Error(`${new URL(rpcUrl).host} answered HTTP ${response.status} without a genesis hash`);
  return result;
}
