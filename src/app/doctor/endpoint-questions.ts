import { asCount, asRecord, asString, toBase58 } from '../../chain/answer-shape.js';
import { readProgramAccounts } from '../../chain/chain-answers.js';
import type { ChainPort } from '../../chain/chain-port.js';
import type { RpcEndpoint } from '../../chain/rpc-endpoint.js';
import { RpcError } from '../../chain/rpc-error.js';
import type { RpcTransport } from '../../chain/rpc-transport.js';
import type { Clock } from '../../lib/clock.js';
import type { HealthReading, HeadReading } from '../../ops/doctor/judge-endpoint.js';

/** How long a head may stand still before it is said, in milliseconds. A slot takes 400 ms; a skipped leader, four. */
const HEAD_WATCH_MS = 4_000;
const HEAD_EVERY_MS = 400;

/** How fast it answers, once a connection is open, and what it runs. */
export async function askVersion(
  transport: RpcTransport,
  clock: Clock,
): Promise<{ readonly ms: number; readonly version: string }> {
  const ask = () =>
    transport.call({
      method: 'getVersion',
      params: [],
      read: (result) => {
        const version = asRecord(result)['solana-core'];
        return typeof version === 'string' ? version : 'unknown';
      },
    });
  // The first answer pays for DNS, TCP and TLS.
  await ask();
  const begunMs = clock.monotonic();
  const version = await ask();
  return { ms: clock.monotonic() - begunMs, version };
}

/** What the node says of itself. */
export async function askHealth(transport: RpcTransport): Promise<HealthReading> {
  try {
    await transport.call({ method: 'getHealth', params: [], read: asString });
    return { kind: 'ok' };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (error.reason === 'not-ready') return { kind: 'behind', detail: error.message };
    if (error.reason === 'method-unsupported') return { kind: 'untold' };
    throw error;
  }
}

/** Watches a head until it moves, or long enough to say that it does not. */
export async function watchHead(
  chain: Pick<ChainPort, 'slot'>,
  first: number,
  clock: Clock,
): Promise<Omit<HeadReading, 'best'>> {
  const begunMs = clock.monotonic();
  let slot = first;
  while (slot <= first && clock.monotonic() - begunMs < HEAD_WATCH_MS) {
    await clock.sleep(HEAD_EVERY_MS);
    slot = await chain.slot('confirmed');
  }
  return { slot: first, movedBy: slot - first, watchedMs: clock.monotonic() - begunMs };
}

/** Addresses of a program's accounts that begin so, without their data. */
export async function listAccounts(
  transport: RpcTransport,
  programId: string,
  discriminator: Uint8Array,
): Promise<readonly string[]> {
  const { accounts } = await transport.call({
    method: 'getProgramAccounts',
    params: [
      programId,
      {
        commitment: 'confirmed',
        encoding: 'base64',
        withContext: true,
        dataSlice: { offset: 0, length: 0 },
        filters: [{ memcmp: { offset: 0, bytes: toBase58(discriminator) } }],
      },
    ],
    read: readProgramAccounts,
  });
  return accounts.map(({ address }) => address);
}

/** Why it takes no JSON-RPC batches; null when it does. */
export async function askBatch(endpoint: RpcEndpoint): Promise<string | null> {
  const question = { method: 'getSlot', params: [{ commitment: 'confirmed' }], read: asCount };
  const outcome = await endpoint.batch([question, question]);
  if (outcome.kind === 'refused') return outcome.detail;
  const failed = outcome.elements.find((element) => element.kind === 'failed');
  if (failed) throw failed.error;
  return null;
}
