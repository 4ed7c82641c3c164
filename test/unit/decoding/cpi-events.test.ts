import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCpiEvents } from '../../../src/decoding/cpi-events.js';
import type { TraceInstruction } from '../../../src/decoding/types.js';
import { AUTHORITY, ED25519, EVENT_TAG, key, OURS, ROUTER } from './fake-transaction.js';

const payload = Uint8Array.of(1, 2, 3);
const top = (programId: string, rest: Partial<TraceInstruction> = {}): TraceInstruction => ({
  programId,
  accounts: [],
  data: new Uint8Array(0),
  stackHeight: 1,
  topLevel: true,
  ...rest,
});
const inner = (programId: string, stackHeight: number | null, rest: Partial<TraceInstruction> = {}): TraceInstruction =>
  top(programId, { stackHeight, topLevel: false, ...rest });
const tagged = { accounts: [AUTHORITY], data: new Uint8Array(Buffer.concat([EVENT_TAG, payload])) };
const find = (...trace: TraceInstruction[]) => findCpiEvents(OURS, AUTHORITY, trace);

describe('findCpiEvents (I11, TRAPS 3)', () => {
  it('accepts what the program sends itself with its event authority', () => {
    expect(find(top(OURS), inner(OURS, 2, tagged))).toEqual([{ place: 2 * 65536, ordinal: 0, payload }]);
    const deep = [top(ROUTER), inner(OURS, 2), inner(ROUTER, 3), inner(OURS, 3, tagged)];
    expect(find(...deep)).toEqual([{ place: 4 * 65536, ordinal: 0, payload }]);
  });

  it('leaves out precompiles, which print no invoke line, when it counts places', () => {
    expect(find(top(ED25519), top(OURS), inner(OURS, 2, tagged))).toEqual([{ place: 2 * 65536, ordinal: 0, payload }]);
  });

  it.each<[string, TraceInstruction[]]>([
    ['a top-level instruction', [top(OURS, tagged)]],
    ['a top-level instruction after one of the program', [top(OURS), top(OURS, { ...tagged, stackHeight: 2 })]],
    ['a top-level instruction without a height', [top(OURS, { ...tagged, stackHeight: null })]],
    ['sent by another program', [top(ROUTER), inner(OURS, 2, tagged)]],
    ['sent by a program that ours invoked', [top(OURS), inner(ROUTER, 2), inner(OURS, 3, tagged)]],
    ['sent by a program after ours returned', [top(ROUTER), inner(OURS, 2), inner(OURS, 2, tagged)]],
    ['another authority', [top(OURS), inner(OURS, 2, { ...tagged, accounts: [key(1)] })]],
    ['the authority as second account', [top(OURS), inner(OURS, 2, { ...tagged, accounts: [key(1), AUTHORITY] })]],
    ['no accounts', [top(OURS), inner(OURS, 2, { ...tagged, accounts: [] })]],
    ['another program invoked', [top(OURS), inner(ROUTER, 2, tagged)]],
    ['half a tag', [top(OURS), inner(OURS, 2, { ...tagged, data: EVENT_TAG.subarray(0, 7) })]],
    [
      'another tag',
      [top(OURS), inner(OURS, 2, { ...tagged, data: Uint8Array.of(0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1c) })],
    ],
    ['a height whose parent is missing', [top(OURS), inner(OURS, 4, tagged)]],
    ['an impossible height', [top(OURS), inner(OURS, 1, tagged), inner(OURS, 0, tagged)]],
    ['no height, another program', [top(ROUTER), inner(ROUTER, null, tagged)]],
    ['no height, another authority', [top(OURS), inner(OURS, null, { ...tagged, accounts: [key(1)] })]],
  ])('refuses: %s', (_, trace) => expect(find(...trace)).toEqual([]));

  it('goes by the authority where nodes recorded no stack height', () => {
    expect(find(top(ROUTER), inner(OURS, null), inner(OURS, null, tagged))).toEqual([
      { place: 3 * 65536, ordinal: 0, payload },
    ]);
    // What came without a height is nobody's known caller.
    expect(find(top(ROUTER), inner(OURS, null), inner(OURS, 3, tagged))).toEqual([]);
    expect(find(top(ROUTER), inner(OURS, 2), inner(ROUTER, null), inner(OURS, 3, tagged))).toEqual([]);
  });

  it("reads what others were given only where an event of the program's own follows: data of 10 KiB is dear", () => {
    let reads = 0;
    const dear = Object.defineProperty(inner(ROUTER, 2), 'data', { get: () => (reads++, tagged.data) });
    expect(find(top(ROUTER), dear, dear, top(OURS), inner(ROUTER, 2))).toEqual([]);
    expect(reads).toBe(0);
    expect(find(top(ROUTER), dear, dear, top(OURS), inner(OURS, 2, tagged), dear)).toMatchObject([{ ordinal: 2 }]);
    expect(reads).toBe(2);
  });

  it('is total', () => {
    const instruction = fc.record({
      programId: fc.constantFrom(OURS, ROUTER, ED25519, ''),
      accounts: fc.array(fc.constantFrom(AUTHORITY, 'x')),
      data: fc.oneof(fc.constant(tagged.data), fc.uint8Array()),
      stackHeight: fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 12 }), fc.maxSafeInteger()),
      topLevel: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(instruction), (trace) => {
        const allowed = trace.filter((item) => !item.topLevel && item.programId === OURS);
        expect(findCpiEvents(OURS, AUTHORITY, trace).length).toBeLessThanOrEqual(allowed.length);
      }),
    );
  });
});
