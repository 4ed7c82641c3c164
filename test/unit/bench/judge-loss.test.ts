import anchor, { type Idl } from '@coral-xyz/anchor';
import fc from 'fast-check';
import { PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { encodeEvent } from '../../../scripts/bench/encode-event.js';
import { eventKey } from '../../../scripts/bench/loss/event-key.js';
import { judgeLoss, type SeenEvent, type TrueEvent } from '../../../scripts/bench/loss/judge-loss.js';
import { isFlawless, totalOf, worseOf } from '../../../scripts/bench/loss/loss-rows.js';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';

const landed = (signature: string, key: string, more: Partial<TrueEvent> = {}): TrueEvent => ({
  ...{ signature, key, slot: 7, phase: 0, isDuringFault: true },
  ...more,
});
const given = (signature: string, key: string, more: Partial<SeenEvent> = {}): SeenEvent => ({
  ...{ signature, key, slot: 7, atMs: 1_000, phase: 0 },
  ...more,
});
const onePhase = [{ faultEndedAtMs: 1_000 }];

function judgeOne(truth: TrueEvent[], seen: SeenEvent[], exactSlots = false) {
  return judgeLoss(truth, seen, onePhase, { exactSlots })[0];
}

describe('judging a contestant (X-4)', () => {
  it('finds what was lost, doubled and invented', () => {
    const truth = [landed('a', 'mint 1'), landed('a', 'mint 2'), landed('b', 'sale')];
    const seen = [
      given('a', 'mint 1', { atMs: 3_500 }),
      given('a', 'mint 1', { atMs: 9_000 }),
      given('b', 'sale of another price'),
      given('c', 'sale of nothing'),
    ];
    expect(judgeOne(truth, seen)).toEqual({
      ...{ sent: 3, received: 1, lost: 2, doubled: 1, false: 2, recoveredSeconds: 'never' },
    });
  });

  it('does not take two equal events of one transaction for one that came twice', () => {
    const twice = [landed('a', 'same'), landed('a', 'same')];
    expect(judgeOne(twice, [given('a', 'same'), given('a', 'same')])).toMatchObject({ received: 2, doubled: 0 });
    expect(judgeOne(twice, [given('a', 'same')])).toMatchObject({ received: 1, lost: 1 });
  });

  it('measures recovery from the end of the fault, by the first time each event came', () => {
    const truth = [landed('a', 'x'), landed('b', 'x'), landed('c', 'x', { isDuringFault: false })];
    const seen = [
      given('b', 'x', { atMs: 90_000 }),
      given('b', 'x', { atMs: 3_200 }),
      given('a', 'x', { atMs: 10 }),
      given('c', 'x', { atMs: 50_000 }),
    ];
    expect(judgeOne(truth, seen)?.recoveredSeconds).toBe(2.2);
    expect(judgeOne(truth.slice(2), seen.slice(3))?.recoveredSeconds).toBe(0);
  });

  it('holds the slot against who promises it', () => {
    const elsewhere = [given('a', 'x', { slot: 8 })];
    expect(judgeOne([landed('a', 'x')], elsewhere)).toMatchObject({ received: 1, false: 0 });
    expect(judgeOne([landed('a', 'x')], elsewhere, true)).toMatchObject({ received: 0, lost: 1, false: 1 });
  });

  it('counts what comes late in the phase it was sent in, what never happened where it is known, and no warm-up', () => {
    const truth = [landed('a', 'x'), landed('b', 'x', { phase: 1 }), landed('w', 'x', { phase: -1 })];
    const seen = [
      given('a', 'x', { phase: 1 }),
      given('a', 'forged', { phase: 1 }),
      given('z', 'forged', { phase: 1 }),
    ];
    const phases = [...onePhase, ...onePhase];
    expect(judgeLoss(truth, seen, phases, { exactSlots: false })).toMatchObject([
      { sent: 1, received: 1, false: 1 },
      { sent: 1, received: 0, lost: 1, false: 1 },
    ]);
  });

  it('accounts for every event exactly once', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    const pair = fc.tuple(names, names);
    fc.assert(
      fc.property(fc.array(pair), fc.array(pair), (truth, seen) => {
        const counts = judgeOne(
          truth.map(([signature, key]) => landed(signature, key)),
          seen.map(([signature, key]) => given(signature, key)),
        );
        expect(counts?.sent).toBe(truth.length);
        expect((counts?.received ?? 0) + (counts?.lost ?? 0)).toBe(truth.length);
        expect((counts?.received ?? 0) + (counts?.doubled ?? 0) + (counts?.false ?? 0)).toBe(seen.length);
      }),
    );
  });

  it('adds up phases and keeps the worse of two readings', () => {
    const good = { sent: 2, received: 2, lost: 0, doubled: 0, false: 0, recoveredSeconds: 1 } as const;
    const bad = { ...good, received: 1, lost: 1, recoveredSeconds: 'never' } as const;
    expect(isFlawless(good)).toBe(true);
    expect(isFlawless(worseOf(good, bad))).toBe(false);
    expect(worseOf(bad, good)).toEqual(bad);
    const rows = [good, bad].map((counts, at) => ({ ...counts, contestant: 'x', noticedSeconds: at === 0 ? null : 4 }));
    expect(totalOf('x', rows)).toEqual({ ...bad, sent: 4, received: 3, contestant: 'x', noticedSeconds: 4 });
    expect([{ doubled: 1 }, { false: 1 }].some((fault) => isFlawless({ ...good, ...fault }))).toBe(false);
  });
});

describe('the same event under the same key', () => {
  const bytes = encodeEvent('PromotionRated', {
    ...{ rating: PublicKey.unique().toBase58(), promotion: PublicKey.unique().toBase58() },
    ...{ rater: PublicKey.unique().toBase58(), stars: 5, previousStars: 0, revision: 2n ** 64n - 1n, ratedAt: -1n },
    ...{ promotionRevision: 3n, promotionRatingCount: 4, promotionRatingSum: 20n },
  });
  const ours = compileProgramCodec(idl, idl.address).decodeEvent(bytes);
  const oursKey = ours.ok ? eventKey(ours.name, ours.data) : 'not decoded';

  it.each([
    ["Anchor's coder", new anchor.BorshEventCoder(idl as Idl)],
    ["its client's coder", new anchor.Program(idl as Idl, { connection: null as never }).coder.events],
  ])('whether %s or ours decoded it', (_, coder) => {
    const event = coder.decode(bytes.toString('base64'));
    expect(eventKey(event?.name ?? '', event?.data)).toBe(oursKey);
  });

  it('and another one under another', () => {
    const other = Buffer.from(bytes);
    other.writeUInt8(4, 8 + 3 * 32);
    const decoded = new anchor.BorshEventCoder(idl as Idl).decode(other.toString('base64'));
    expect(eventKey(decoded?.name ?? '', decoded?.data)).not.toBe(oursKey);
  });
});
