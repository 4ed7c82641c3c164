import bs58 from 'bs58';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTransaction } from '../../../src/decoding/parse-transaction.js';
import {
  anyTransaction,
  data,
  ED25519,
  invocation,
  invoke,
  key,
  OURS,
  renderTransaction,
  ROUTER,
  selfEvent,
  SIGNATURE,
} from './fake-transaction.js';

const whole = () =>
  renderTransaction([
    invocation(ED25519),
    {
      ...invocation(ROUTER, invoke(invocation(OURS, invoke(selfEvent(Uint8Array.of(1)))))),
      accounts: [key(1), key(2)],
    },
    { ...invocation(OURS, data(Uint8Array.of(2))), accounts: [key(3)], data: Uint8Array.of(0, 0, 5) },
  ]).json;
type Answer = ReturnType<typeof whole>;

function changed(change: (answer: Answer) => void): unknown {
  const answer = whole();
  change(answer);
  return answer;
}

describe('parseTransaction', () => {
  it('reads a transaction, with accounts from lookup tables, in order of execution', () => {
    const parsed = parseTransaction(whole());
    if (!parsed.ok) throw new Error(parsed.detail);
    const { trace, logs, ...rest } = parsed.transaction;
    expect(rest).toEqual({ signature: SIGNATURE, slot: 5, failed: false });
    expect(logs).toEqual(whole().meta.logMessages);
    expect(trace?.map(({ programId, stackHeight, topLevel }) => [programId, stackHeight, topLevel])).toEqual([
      [ED25519, null, true],
      [ROUTER, null, true],
      [OURS, 2, false],
      [OURS, 3, false],
      [OURS, null, true],
    ]);
    expect(trace?.[1]?.accounts).toEqual([key(1), key(2)]);
    expect(trace?.[4]).toMatchObject({ accounts: [key(3)], data: Uint8Array.of(0, 0, 5) });
  });

  it('keeps the inner instructions of one instruction together if they come in parts', () => {
    const parts = changed(({ meta }) => {
      const [group] = meta.innerInstructions!;
      meta.innerInstructions = group!.instructions.map((item) => ({ index: group!.index, instructions: [item] }));
    });
    expect(parseTransaction(parts)).toEqual(parseTransaction(whole()));
  });

  it.each([undefined, null, 'legacy', 0, 1])('reads version %s (TRAPS 5)', (version) => {
    expect(parseTransaction({ ...whole(), version }).ok).toBe(true);
  });

  it('reads a legacy transaction, which has no loaded addresses', () => {
    const answer = renderTransaction([invocation(OURS)]).json;
    answer.transaction.message.accountKeys.push(answer.meta.loadedAddresses.writable.join());
    expect(
      parseTransaction({ ...answer, version: 'legacy', meta: { ...answer.meta, loadedAddresses: undefined } }),
    ).toMatchObject({
      ok: true,
    });
  });

  it.each([2, 'v1', {}, 1n])('does not guess at version %s', (version) => {
    expect(parseTransaction({ ...whole(), version })).toMatchObject({ ok: false, reason: 'unknown-version' });
  });

  it('tells no metadata, no logs and no inner instructions from none of them (TRAPS 4)', () => {
    expect(parseTransaction({ ...whole(), meta: null })).toMatchObject({ ok: false, reason: 'no-meta' });
    expect(parseTransaction(changed(({ meta }) => (meta.logMessages = null)))).toMatchObject({
      transaction: { logs: null },
    });
    expect(parseTransaction(changed(({ meta }) => (meta.logMessages = [])))).toMatchObject({
      transaction: { logs: [] },
    });
    expect(parseTransaction(changed(({ meta }) => (meta.innerInstructions = null)))).toMatchObject({
      transaction: { trace: null },
    });
    expect(parseTransaction(changed(({ meta }) => (meta.innerInstructions = [])))).toMatchObject({
      transaction: { trace: [{ topLevel: true }, { topLevel: true }, { topLevel: true }] },
    });
  });

  it('reads failed transactions as far as their signature (I10)', () => {
    const answer = changed(({ meta, transaction }) => {
      meta.err = { InstructionError: [0, { Custom: 1 }] };
      transaction.message.instructions[0]!.programIdIndex = 99;
    });
    expect(parseTransaction(answer)).toMatchObject({
      ok: true,
      transaction: { failed: true, trace: null, signature: SIGNATURE },
    });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['no slot', { ...whole(), slot: undefined }],
    ['a slot that is no number', { ...whole(), slot: '5' }],
    ['a negative slot', { ...whole(), slot: -1 }],
    ['no transaction', { ...whole(), transaction: null }],
    ['base64', { ...whole(), transaction: ['AAAA', 'base64'] }],
    ['no signature', changed(({ transaction }) => (transaction.signatures = []))],
    ['no error field', changed(({ meta }) => (meta.err = undefined))],
    ['logs that are no strings', changed(({ meta }) => ((meta.logMessages as unknown[])[0] = 1))],
    [
      'parsed accounts',
      changed(({ transaction }) => ((transaction.message.accountKeys as unknown[])[0] = { pubkey: OURS })),
    ],
    [
      'a program out of range',
      changed(({ transaction }) => (transaction.message.instructions[0]!.programIdIndex = 99)),
    ],
    ['an account out of range', changed(({ transaction }) => (transaction.message.instructions[0]!.accounts = [99]))],
    [
      'an account that is no index',
      changed(({ transaction }) => (transaction.message.instructions[0]!.accounts = [0.5])),
    ],
    ['data that is not base58', changed(({ transaction }) => (transaction.message.instructions[0]!.data = '0OIl'))],
    ['inner instructions of no instruction', changed(({ meta }) => (meta.innerInstructions![0]!.index = 3))],
    ['loaded addresses that are no list', changed(({ meta }) => ((meta.loadedAddresses as unknown) = { writable: 1 }))],
  ])('refuses %s', (_, answer) => expect(parseTransaction(answer)).toMatchObject({ ok: false, reason: 'malformed' }));

  it('is total on anything', () => {
    fc.assert(fc.property(fc.anything(), (answer) => void parseTransaction(answer)));
  });

  it('is total on answers with anything anywhere', () => {
    fc.assert(
      fc.property(
        anyTransaction,
        fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
        fc.anything(),
        ({ json }, path, value) => {
          const answer = structuredClone(json);
          let at: Record<string, unknown> = answer;
          for (const step of path) {
            const keys = Object.keys(at);
            const name = keys[step % Math.max(1, keys.length)];
            if (name === undefined) break;
            const next = at[name];
            if (typeof next !== 'object' || next === null || step === path.at(-1)) {
              at[name] = value;
              break;
            }
            at = next as Record<string, unknown>;
          }
          const parsed = parseTransaction(answer);
          if (parsed.ok)
            parsed.transaction.trace?.forEach((instruction) => expect(instruction.data).toBeInstanceOf(Uint8Array));
          else expect(parsed.detail).not.toBe('');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not convert the data of instructions nobody looks at: large ones cost the square of their size', () => {
    const large = bs58.encode(new Uint8Array(1000).fill(200));
    const answer = changed(({ transaction }) => (transaction.message.instructions[0]!.data = large));
    const parsed = parseTransaction(answer);
    if (!parsed.ok) throw new Error(parsed.detail);
    const instruction = parsed.transaction.trace![0]!;
    expect(Object.getOwnPropertyDescriptor(instruction, 'data')).toBeUndefined();
    expect(instruction.data).toEqual(new Uint8Array(1000).fill(200));
    expect(instruction.data).toBe(instruction.data);
  });
});
