import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isStuck,
  judgeNonce,
  type ClaimFate,
  type NonceSighting,
} from '../../../../src/transactions/nonces/judge-nonce.js';
import { NONCE_STATES, type StoredNonce } from '../../../../src/transactions/nonces/stored-nonce.js';

const stored: StoredNonce = {
  ...{ _id: 'address', authority: 'me', index: 0, value: 'v1', state: 'available', used: false },
  ...{ claimedBy: null, claimedAt: null, advancedAtSlot: null, seenAtSlot: 100, reason: null, updatedAt: new Date(0) },
};
const claimed = { ...stored, state: 'claimed', used: true, claimedBy: 'tx', claimedAt: new Date(0) } as const;
const cooling = { ...stored, state: 'cooling', used: true } as const;

function seen(value: string, slot = 200, authority = 'me', isFunded = true): NonceSighting {
  return { kind: 'account', slot, isFunded, reading: { kind: 'nonce', authority, value, fee: 5_000n } };
}
const uninitialised: NonceSighting = {
  ...{ kind: 'account', slot: 200, isFunded: true, reading: { kind: 'refused', reason: 'uninitialised' } },
};
const gone: NonceSighting = { kind: 'gone', slot: 200 };

describe('judgeNonce (004-2.1, 004-2.2)', () => {
  it.each<[string, StoredNonce, NonceSighting, ClaimFate | null]>([
    ['as it should be', stored, seen('v1'), null],
    ['unknown (I5)', claimed, { kind: 'unknown' }, 'missing'],
    ['an older view (I5)', stored, seen('v0', 99), null],
    ['gone in an older view (I5)', stored, { kind: 'gone', slot: 99 }, null],
    ['claimed by what is under way', claimed, seen('v1'), 'open-signed'],
    ['claimed by what may have landed just now', claimed, seen('v2'), 'open-signed'],
    ['cooling, and not advanced', cooling, seen('v1'), null],
    ['being made', { ...stored, state: 'broken', reason: 'making', value: '' }, gone, null],
    ['being closed', { ...stored, state: 'broken', reason: 'withdrawing' }, seen('v2'), null],
  ])('changes nothing: %s', (_, nonce, sighting, fate) => {
    expect(judgeNonce(nonce, sighting, fate)).toBeNull();
  });

  it.each<[string, StoredNonce, NonceSighting, ClaimFate | null, object]>([
    ['cooled-down', cooling, seen('v2'), null, { state: 'available', value: 'v2', used: false, advancedAtSlot: 200 }],
    ['cooled-down', { ...cooling, used: false }, seen('v1'), null, { state: 'available', value: 'v1' }],
    ['taken-back', claimed, seen('v1'), 'rests-unsigned', { state: 'available', value: 'v1', claimedBy: null }],
    ['taken-back', claimed, seen('v1'), 'rests-signed', { state: 'cooling', value: 'v1', used: true }],
    ['taken-back', claimed, seen('v2'), 'rests-signed', { state: 'available', value: 'v2', used: false }],
    ['taken-back', claimed, seen('v1'), 'missing', { state: 'cooling', used: true, claimedAt: null }],
    ['corrected', stored, seen('v2'), null, { state: 'available', value: 'v2', seenAtSlot: 200 }],
    ['corrected', claimed, seen('v2'), 'open-unsigned', { state: 'claimed', value: 'v2', claimedBy: 'tx' }],
    ['corrected', claimed, gone, 'open-signed', { state: 'claimed', value: 'v1', reason: 'closed' }],
    ['broken', stored, gone, null, { state: 'broken', reason: 'closed' }],
    ['broken', stored, uninitialised, null, { state: 'broken', reason: 'uninitialised' }],
    ['broken', stored, seen('v1', 200, 'you'), null, { state: 'broken', reason: 'other-authority' }],
    ['broken', stored, seen('v1', 200, 'me', false), null, { state: 'broken', reason: 'underfunded' }],
    ['broken', claimed, gone, 'missing', { state: 'broken', reason: 'closed', used: true, claimedBy: null }],
    ['mended', { ...stored, state: 'broken', reason: 'underfunded' }, seen('v1'), null, { state: 'available' }],
    ['mended', { ...cooling, state: 'broken', reason: 'closed' }, seen('v1'), null, { state: 'cooling', reason: null }],
    [
      ...(['mended', { ...stored, state: 'broken', reason: 'making', value: '' }, seen('v1'), null] as const),
      { state: 'available', value: 'v1', advancedAtSlot: null, seenAtSlot: 200 },
    ],
  ])('%s: %o %o %s', (step, nonce, sighting, fate, next) => {
    expect(judgeNonce(nonce, sighting, fate)).toMatchObject({ step, next });
  });

  it('finds stuck what only an advance can end', () => {
    expect(isStuck(cooling, seen('v1'))).toBe(true);
    expect(isStuck(cooling, seen('v2'))).toBe(false);
    expect(isStuck({ ...cooling, used: false }, seen('v1'))).toBe(false);
    expect(isStuck(claimed, seen('v1'))).toBe(false);
    expect(isStuck(cooling, gone)).toBe(false);
  });

  const anySeen: fc.Arbitrary<NonceSighting> = fc.oneof(
    fc.constant<NonceSighting>({ kind: 'unknown' }),
    fc.nat(300).map((slot): NonceSighting => ({ kind: 'gone', slot })),
    fc.constant(uninitialised),
    fc
      .tuple(fc.constantFrom('v1', 'v2', 'v3'), fc.nat(300), fc.constantFrom('me', 'you'), fc.boolean())
      .map(([value, slot, authority, isFunded]) => seen(value, slot, authority, isFunded)),
  );
  const anyNonce: fc.Arbitrary<StoredNonce> = fc
    .record({
      ...{ state: fc.constantFrom(...NONCE_STATES), value: fc.constantFrom('v1', 'v2'), used: fc.boolean() },
      ...{ claimedBy: fc.constantFrom(null, 'tx'), reason: fc.constantFrom(null, 'closed', 'making', 'legacy') },
    })
    .map((fields): StoredNonce => ({ ...stored, ...fields }));
  const anyFate = fc.constantFrom<ClaimFate>(
    ...(['open-unsigned', 'open-signed', 'rests-unsigned', 'rests-signed', 'missing'] as const),
  );

  it('makes nothing available over whose value something may land, and takes nothing from who is under way (I5, I9)', () => {
    fc.assert(
      fc.property(anyNonce, anySeen, anyFate, (nonce, sighting, fate) => {
        const change = judgeNonce(nonce, sighting, nonce.state === 'claimed' ? fate : null);
        if (!change) return;
        const { state, value, claimedBy, used } = change.next;
        const maySign = nonce.state === 'claimed' ? fate !== 'rests-unsigned' : nonce.used;
        if (state === 'available') {
          expect({ used, claimedBy }).toEqual({ used: false, claimedBy: null });
          expect(sighting).toMatchObject({ kind: 'account', isFunded: true, reading: { authority: 'me', value } });
          if (maySign) expect(value).not.toBe(nonce.value);
        }
        if (nonce.state === 'claimed' && fate.startsWith('open')) expect(state).toBe('claimed');
      }),
    );
  });

  it('comes to rest: what was judged is not judged otherwise from the same view', () => {
    fc.assert(
      fc.property(anyNonce, anySeen, anyFate, (nonce, sighting, fate) => {
        const change = judgeNonce(nonce, sighting, nonce.state === 'claimed' ? fate : null);
        if (!change) return;
        const after = { ...nonce, ...change.next };
        expect(judgeNonce(after, sighting, after.state === 'claimed' ? fate : null)).toBeNull();
      }),
    );
  });
});
