import { RpcError } from '../chain/rpc-error.js';
import type { RpcPool } from '../chain/rpc-pool.js';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';

/** How long a start waits for an endpoint that does not answer while another does, in milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * The genesis hash that all endpoints agree on. One of another chain would know none of our transactions, and would be
 * half of the proof that they were dropped (I5).
 * @throws MooringError `chain-unreachable` when none answers, `endpoints-disagree` when two lead to different chains.
 */
export async function agreedGenesis(pool: RpcPool, clock: Clock, log: Log): Promise<string> {
  const asked = await Promise.all(
    pool.members.map(async ({ name, chain }) => {
      const answer = chain.genesisHash().catch(() => null);
      return { name, hash: await Promise.race([answer, clock.sleep(PATIENCE_MS).then(() => null)]) };
    }),
  );
  const silent = asked.filter(({ hash }) => hash === null).map(({ name }) => name);
  if (silent.length > 0 && silent.length < asked.length) {
    log.warn(
      { endpoints: silent },
      'these endpoints did not answer at the start: whether they are of this chain is not known',
    );
  }
  const [first, ...others] = asked.filter((one) => one.hash !== null);
  if (!first?.hash) return genesisOf(pool);
  const other = others.find(({ hash }) => hash !== first.hash);
  if (!other) return first.hash;
  throw new MooringError(
    'endpoints-disagree',
    `SOLANA_RPC_URL names endpoints of different chains: ${first.name} has genesis ${first.hash}, ${other.name} has ` +
      `${other.hash}. Name endpoints of one chain only.`,
  );
}

/** With the pool's own patience. A person who starts a process is told what to do when nobody answers. */
async function genesisOf({ chain }: RpcPool): Promise<string> {
  try {
    return await chain.genesisHash();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new MooringError(
      'chain-unreachable',
      `The chain cannot be asked (${error.reason}: ${error.message}). Check SOLANA_RPC_URL and that the endpoint is up.`,
      { cause: error },
    );
  }
}
