import { expect, it } from 'vitest';
import type { SignatureStatus } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { StatusBatch } from '../../../src/transactions/status-batch.js';
import { HandClock, settled } from '../lib/hand-clock.js';

const statusAt = (slot: number): SignatureStatus => ({
  ...{ slot, failed: false, commitment: 'confirmed', confirmations: 1 },
});

/** A node whose answers wait until told; signature `s7` landed in slot 7. */
function openNode() {
  const calls: { readonly signatures: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const signatureStatuses = (signatures: readonly string[]) =>
    new Promise<{ contextSlot: number; statuses: (SignatureStatus | null)[] }>((resolve, reject) => {
      const statuses = signatures.map((one) => (one === 'unheard' ? null : statusAt(Number(one.slice(1)))));
      const contextSlot = 100 + calls.length;
      calls.push({ signatures, answer: () => resolve({ contextSlot, statuses }), fail: reject });
    });
  return { calls, chain: { signatureStatuses } };
}

it('asks at once, then for all that came up meanwhile in one call, none of which joins a call under way (I5)', async () => {
  const clock = new HandClock();
  const { calls, chain } = openNode();
  const batch = new StatusBatch(chain, clock);
  const first = batch.ask('s1');
  await clock.pass(0);
  const others = ['s2', 'unheard', 's3'].map((one) => batch.ask(one));
  await clock.pass(1_000);
  expect(calls.map(({ signatures }) => signatures)).toEqual([['s1']]);
  calls[0]?.answer();
  expect(await first).toEqual({ contextSlot: 100, status: statusAt(1) });
  await clock.pass(0);
  expect(calls.map(({ signatures }) => signatures)).toEqual([['s1'], ['s2', 'unheard', 's3']]);
  calls[1]?.answer();
  expect(await Promise.all(others)).toEqual([
    { contextSlot: 101, status: statusAt(2) },
    { contextSlot: 101, status: null },
    { contextSlot: 101, status: statusAt(3) },
  ]);
});

it('asks no more often than every 75 ms, however many ask and however fast the answers come', async () => {
  const clock = new HandClock();
  const { calls, chain } = openNode();
  const batch = new StatusBatch(chain, clock);
  for (let passedMs = 0; passedMs < 750; passedMs += 5) {
    void batch.ask('s1');
    await clock.pass(5);
    calls.at(-1)?.answer();
    await settled();
  }
  expect(calls).toHaveLength(10);
});

it('hands a failure to those who went with that call, and asks again for the next', async () => {
  const clock = new HandClock();
  const { calls, chain } = openNode();
  const batch = new StatusBatch(chain, clock);
  const refused = batch.ask('s1').catch((error: unknown) => error);
  await clock.pass(0);
  calls[0]?.fail(new RpcError('rate-limited', 'slower'));
  expect(await refused).toMatchObject({ reason: 'rate-limited' });
  const next = batch.ask('s1');
  await clock.pass(75);
  calls[1]?.answer();
  expect(await next).toEqual({ contextSlot: 101, status: statusAt(1) });
});
