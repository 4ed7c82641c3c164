import { expect, it } from 'vitest';
import type { BlockHeaderLookup } from '../../../src/chain/chain-port.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { BlockWatch } from '../../../src/recovery/block-watch.js';

const SLOT = 100;

/** A chain whose block in each slot a test replaces at will. */
function watching() {
  let nowMs = 0;
  let fork = 'first';
  let asked = 0;
  let held: Promise<void> = Promise.resolve();
  const clock = { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
  const blockHeader = async (slot: number): Promise<BlockHeaderLookup> => {
    asked += 1;
    const header = { kind: 'block', slot, parentSlot: slot - 1, blockhash: `${fork} ${slot}` } as const;
    await held;
    return { ...header, previousBlockhash: '', blockTime: slot };
  };
  const watch = new BlockWatch({ chain: { blockHeader }, clock, checkSlots: 150 });
  return {
    watch,
    asked: () => asked,
    pass: (ms: number) => (nowMs += ms),
    forkTo: (name: string) => (fork = name),
    holdAnswers: () => {
      let letGo = (): void => undefined;
      held = new Promise<void>((resolve) => (letGo = resolve));
      return () => letGo();
    },
  };
}

function heard(signature: string, slot = SLOT): LedgerRecord {
  return { signature, slot, seenAs: 'confirmed' } as LedgerRecord;
}

it('knows the block that each transaction was heard in, by one request for those heard together', async () => {
  const { watch, asked } = watching();
  watch.hear([heard('a'), heard('b')]);
  await watch.keep();
  await watch.keep();
  expect([watch.hashOf(heard('a')), watch.hashOf(heard('b'))]).toEqual([`first ${SLOT}`, `first ${SLOT}`]);
  expect(asked()).toBe(1);
});

it('takes no header from before a transaction was heard: a fork may have put another block there since (TRAPS 15)', async () => {
  const { watch, pass, forkTo } = watching();
  watch.hear([heard('a')]);
  await watch.keep();
  for (const ms of [100, 120_000]) {
    pass(ms);
    forkTo(`after ${ms}`);
    watch.hear([heard(`later ${ms}`)]);
    await watch.keep();
    expect(watch.hashOf(heard(`later ${ms}`))).toBe(`after ${ms} ${SLOT}`);
  }
  expect(watch.hashOf(heard('a'))).toBe(`first ${SLOT}`);
});

it('nor one that was asked for before and came after (TRAPS 15)', async () => {
  const { watch, forkTo, holdAnswers } = watching();
  watch.hear([heard('a')]);
  const letGo = holdAnswers();
  const keeping = watch.keep();
  forkTo('second');
  watch.hear([heard('b')]);
  letGo();
  await keeping;
  expect([watch.hashOf(heard('a')), watch.hashOf(heard('b'))]).toEqual([`first ${SLOT}`, null]);
  await watch.keep();
  expect(watch.hashOf(heard('b'))).toBe(`second ${SLOT}`);
});

it('knows nothing of a block that it could not ask for just after', async () => {
  const { watch, pass, asked } = watching();
  watch.hear([heard('a')]);
  pass(3_001);
  await watch.keep();
  expect(watch.hashOf(heard('a'))).toBeNull();
  expect(asked()).toBe(0);
});

it('asks for a finalized block once', async () => {
  const { watch, asked } = watching();
  for (let pass = 0; pass < 2; pass++) {
    const headers = await watch.finalized([SLOT, SLOT, SLOT + 1], SLOT);
    expect([...headers.keys()]).toEqual([SLOT]);
  }
  expect(asked()).toBe(1);
});
