import { beforeEach, expect, it } from 'vitest';
import type { SignaturesQuery } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { PollingSource } from '../../../src/pipeline/polling-source.js';
import { FakeHistory } from '../chain/fake-history.js';
import { recordingLog } from '../chain/recording-log.js';
import { HandClock, settled } from '../lib/hand-clock.js';

const INTERVAL_MS = 12_000;
let clock: HandClock;
let slots: Map<number, number>;
let head: number;
let history: FakeHistory;
let isDown: boolean;
let isHanging: boolean;
let answer: () => void;
/** A fork has moved everything by so many slots. */
let shift: number;
let said: string[];
let source: PollingSource;

beforeEach(() => {
  clock = new HandClock();
  slots = new Map([[900, 2]]);
  head = 1_000;
  isDown = isHanging = false;
  shift = 0;
  said = [];
  history = new FakeHistory({ slots });
  const chain = {
    slot: () =>
      isHanging
        ? new Promise<number>((resolve) => (answer = () => resolve(head)))
        : isDown
          ? Promise.reject(new RpcError('unreachable', 'down'))
          : Promise.resolve(head),
    signaturesFor: async (address: string, query: SignaturesQuery) =>
      (await history.signaturesFor(address, query)).map((info) => ({ ...info, slot: info.slot + shift })),
    firstAvailableBlock: history.firstAvailableBlock.bind(history),
    signatureStatuses: history.signatureStatuses.bind(history),
  };
  source = new PollingSource(
    {
      ...{ programIds: ['program'], intervalMs: INTERVAL_MS, pageSize: 1_000, clock, log: recordingLog() },
      pinned: () => ({ name: 'node', chain }),
    },
    {
      onNotice: ({ signature, slot }) => said.push(`${signature}@${slot}`),
      onLive: ({ slot }) => said.push(`live ${slot}`),
      onHole: ({ fromSlot, reason }) => said.push(`hole ${fromSlot} ${reason}`),
    },
  );
});

async function poll(): Promise<void> {
  await clock.pass(INTERVAL_MS);
  for (let turn = 0; turn < 5; turn++) await settled();
}

it('says where it begins, then announces each signature once, whatever the overlap lists again (001-2)', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(said).toEqual(['live 1000']);
  slots.set(1_003, 2);
  head = 1_005;
  await poll();
  await poll();
  // Late in the list, and below what was seen: the overlap finds it.
  slots.set(1_004, 1);
  await poll();
  expect(said).toEqual(['live 1000', '1003/0@1003', '1003/1@1003', '1004/0@1004']);
  expect(source.status()).toMatchObject({ live: true, lastSlot: 1_005, reconnectAttempts: 0, subscriptionIds: {} });
  await source.stop();
});

it('tells the hole an outage makes, and closes it by itself: the next poll reaches back (003-2)', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  isDown = true;
  slots.set(1_010, 1);
  await poll();
  await poll();
  expect(source.status()).toMatchObject({ live: false, reconnectAttempts: 2 });
  slots.set(5_000, 1);
  [isDown, head] = [false, 5_001];
  await poll();
  expect(said).toEqual(['live 1000', 'hole 1000 down', 'hole 1000 down', '5000/0@5000', '1010/0@1010', 'live 5001']);
  await source.stop();
});

it('announces a signature again that a fork shows in another slot (TRAPS 15)', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  slots.set(1_003, 1);
  await poll();
  shift = 2;
  await poll();
  await poll();
  expect(said).toEqual(['live 1000', '1003/0@1003', '1003/0@1005']);
  await source.stop();
});

it('does not take a list that ends early for the whole (I4)', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  slots.set(1_003, 1);
  head = 1_005;
  // The node lost what the overlap would list, and nothing else.
  history.options = { slots, firstAvailable: 1_000 };
  await poll();
  expect(said).toEqual(['live 1000', '1003/0@1003']);
  [said, head] = [[], 2_000];
  history.options = { slots, firstAvailable: 1_500 };
  await poll();
  expect(said).toEqual(['hole 1005 history-missing', 'live 2000']);
  await source.stop();
});

it('tells of the hole while a request hangs, and of its end when it is answered after all', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  isHanging = true;
  await poll();
  expect(source.status().live).toBe(true);
  await clock.pass(10_000);
  expect(said).toEqual(['live 1000', 'hole 1000 no answer for 10 s']);
  answer();
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(said.at(-1)).toBe('live 1000');
  await source.stop();
});

it('polls at once when told to begin anew, and says nothing after it was stopped', async () => {
  source.start();
  for (let turn = 0; turn < 5; turn++) await settled();
  source.restart('somebody asked');
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(said).toEqual(['live 1000', 'hole 1000 somebody asked', 'live 1000']);
  await source.stop();
  slots.set(1_001, 1);
  await poll();
  expect(said).toHaveLength(3);
});
