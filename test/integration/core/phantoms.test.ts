import type { Keypair, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import type { CouponsChain, Landed } from '../programs/coupons-chain.js';
import { expectDocumentsEqualChain, NOT_ARCHIVED, openWorkerBench, type WorkerBench } from './worker-bench.js';

const RATERS = 16;
const BURSTS_AT_MOST = 12;
/** Finality, and a look at it. */
const ARCHIVING_MS = 5_000;
/** getSignatureStatuses takes this many. */
const STATUSES_PER_CALL = 256;

let bench: WorkerBench;
let raters: Keypair[];
let promotion: PublicKey;

beforeAll(async () => {
  bench = await openWorkerBench();
  const [authority, ...others] = (await bench.chain.fundedKeypairs(RATERS + 1)) as [Keypair, ...Keypair[]];
  raters = others;
  await bench.client.registerMerchant(authority, 'Shop');
  await bench.client.createPromotion(authority);
  promotion = bench.client.at.promotion(bench.client.at.merchant(authority.publicKey), 1n);
});
afterAll(() => bench.close());

/** What a message says of one signature, as far as it can differ from what landed. */
interface Announced {
  readonly slot: number;
  readonly data: readonly string[];
}

/** Notes everything the chain announces on its way to the worker. */
function overhear(): (signature: string) => readonly Announced[] {
  const heard = new Map<string, Announced[]>();
  bench.proxy.onNotification((notification, send) => {
    send(notification);
    if (notification.method !== 'logsNotification') return;
    const { context, value } = notification.params.result as {
      context: { slot: number };
      value: { signature: string; logs: string[] | null };
    };
    const announced = { slot: context.slot, data: programData(value.logs ?? []) };
    heard.set(value.signature, [...(heard.get(value.signature) ?? []), announced]);
  });
  return (signature) => heard.get(signature) ?? [];
}

function programData(logs: readonly string[]): string[] {
  return logs.filter((line) => line.startsWith('Program data: '));
}

/** Everybody rates the same promotion at once: each execution writes the account that all others wait for. */
function burst(anchor: CouponsChain, round: number): Promise<Landed[]> {
  return Promise.all(
    raters.map((rater, index) =>
      anchor.coupons('ratePromotion', {
        args: [((round + index) % 5) + 1],
        accounts: { promotion },
        signers: [rater],
      }),
    ),
  );
}

async function landedSlots(signatures: readonly string[]): Promise<Map<string, number>> {
  const slots = new Map<string, number>();
  for (let start = 0; start < signatures.length; start += STATUSES_PER_CALL) {
    const asked = signatures.slice(start, start + STATUSES_PER_CALL);
    const { value } = await bench.chain.connection.getSignatureStatuses(asked, { searchTransactionHistory: true });
    for (const [index, status] of value.entries()) if (status) slots.set(asked[index] ?? '', status.slot);
  }
  return slots;
}

// A Surfnet announces nothing that did not land.
it.skipIf(!inject('sharedChain'))(
  'announced executions that never landed, with another slot and other data, leave the ledger and the documents as the chain has them (TRAPS 29, I1, I6)',
  async () => {
    const worker = await bench.startWorker();
    const announcedOf = overhear();
    const landed: Landed[] = [];
    const slots = new Map<string, number>();
    const differing = (which: (said: Announced, one: Landed) => boolean) =>
      landed.filter((one) => announcedOf(one.signature).some((said) => which(said, one)));
    const elsewhere = () => differing((said, { signature }) => said.slot !== slots.get(signature));
    const otherwise = () =>
      differing((said, { logs }) => said.data.length > 0 && said.data.join() !== programData(logs).join());
    const archived = () => worker.records({ _id: /~/, signature: { $in: [...slots.keys()] } });

    // Where the end of a slot falls is the validator's affair: as many bursts as it takes for all three to be seen.
    for (let round = 0; round < BURSTS_AT_MOST; round++) {
      const more = await burst(bench.anchor, round);
      landed.push(...more);
      for (const [signature, slot] of await landedSlots(more.map(({ signature }) => signature)))
        slots.set(signature, slot);
      if (elsewhere().length === 0 || otherwise().length === 0) continue;
      // The version that did not land is archived once the chain has said which one did.
      const isArchived = async () => (await archived()).length > 0;
      if (await eventually(isArchived, { timeoutMs: ARCHIVING_MS }).catch(() => false)) break;
    }
    expect(elsewhere()).not.toEqual([]);
    expect(otherwise()).not.toEqual([]);
    expect(await archived()).not.toEqual([]);

    const records = (
      await worker.allFinal(
        landed.map(({ signature }) => signature),
        600_000,
      )
    ).filter(({ _id }) => !_id.includes('~'));
    const inLedger = Object.fromEntries(records.map(({ _id, slot, data }) => [_id, { slot, data }]));
    // Decoded by Anchor's own client from what the chain serves.
    const onChain = landed.map(({ signature, events }) => [
      `${signature}/log/0`,
      { slot: slots.get(signature), data: events[0]?.data },
    ]);
    expect(inLedger).toEqual(Object.fromEntries(onChain));
    const mine = { signature: { $in: [...slots.keys()] } };
    await eventually(async () => (await worker.records({ ...mine, disputed: true })).length === 0);
    expect(await worker.records({ ...mine, ...NOT_ARCHIVED, state: { $ne: 'applied' } })).toEqual([]);
    await expectDocumentsEqualChain(bench, worker);
  },
  600_000,
);
