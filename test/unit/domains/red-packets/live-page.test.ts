import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../../src/dev/package-root.js';

type State = {
  readonly packet: Readonly<Record<string, unknown>> | null;
  readonly bestClaim: string | null;
  readonly claims: ReadonlyMap<string, unknown>;
};
interface Page {
  readonly fromHttp: (packet: object | null, claims: readonly object[]) => State;
  readonly apply: (state: State, name: string, payload: object) => State;
  readonly claimsInOrder: (state: State) => { readonly id: string }[];
  readonly isExpired: (packet: object, nowMs: number) => boolean;
  readonly amountText: (units: string, decimals: number) => string;
}
const file = join(packageRoot(), 'docs', 'examples', 'red-packet-live', 'packet-state.js');
const { fromHttp, apply, claimsInOrder, isExpired, amountText } = (await import(pathToFileURL(file).href)) as Page;

const document = {
  ...{
    address: 'P',
    creator: 'W',
    message: 'luck',
    isRandom: true,
    status: 'open',
    vrfRequestId: 'r',
    totalAmount: '10',
  },
  ...{ count: 3, remainingAmount: '6', remainingCount: 2, decimals: 9, mint: null, revision: '4', bestClaim: 'A' },
};
const claim = { address: 'A', claimer: 'X', amount: '4', index: 0, claimedAt: '' };
const claimed = (claimId: string, index: number, revision: string, remainingCount: number) => ({
  ...{ packetId: 'P', claimId, claimerId: `of ${claimId}`, amount: '2', index, status: 'open', claimedAt: '' },
  ...{ remainingAmount: String(2 * remainingCount), remainingCount, revision },
});

describe('what the example page shows (000-7)', () => {
  const read = fromHttp(document, [claim]);

  it('takes a claim, its crown, and both back when the claim is taken back', () => {
    const taken = apply(apply(read, 'packet:claimed', claimed('B', 1, '5', 1)), 'packet:best-updated', {
      claimId: 'B',
    });
    expect(claimsInOrder(taken).map(({ id }) => id)).toEqual(['B', 'A']);
    expect(taken).toMatchObject({ bestClaim: 'B', packet: { remainingCount: 1, revision: '5' } });
    const restated = {
      exists: true,
      status: 'open',
      remainingCount: 2,
      remainingAmount: '6',
      revision: '4',
      bestClaimId: 'A',
    };
    const back = [
      ['packet:corrected', { packetId: 'P', claimId: 'B' }] as const,
      ['packet:restated', restated] as const,
    ].reduce((state, [name, payload]) => apply(state, name, payload), taken);
    expect(back).toEqual(read);
  });

  it('changes nothing by a message that it has taken before, and no number by an older one', () => {
    const once = apply(read, 'packet:claimed', claimed('B', 1, '5', 1));
    expect(apply(once, 'packet:claimed', claimed('B', 1, '5', 1))).toEqual(once);
    const late = apply(once, 'packet:claimed', claimed('C', 2, '3', 2));
    expect(late.packet).toEqual(once.packet);
    expect(late.claims.size).toBe(3);
  });

  it('begins with a packet that is made while it looks, and ends with one that a fork takes', () => {
    const created = { ...document, packetId: 'P', creatorId: 'W', status: 'waiting', revision: '1' };
    const made = apply(fromHttp(null, []), 'packet:created', created);
    const steps: [string, object][] = [
      ['packet:randomness-requested', { revision: '2' }],
      ['packet:random-ready', { revision: '3' }],
    ];
    expect(steps.map(([name, payload]) => apply(made, name, payload).packet)).toMatchObject([
      { id: 'P', creator: 'W', status: 'waiting', isRandomnessAskedFor: true },
      { status: 'open' },
    ]);
    expect(apply(made, 'packet:restated', { exists: false }).packet).toBeNull();
    expect(apply(fromHttp(null, []), 'packet:claimed', claimed('B', 1, '5', 1)).claims.size).toBe(1);
  });

  it('says that a packet which can be claimed no more has expired', () => {
    const expiresAt = '2026-01-01T00:00:00.000Z';
    const packet = fromHttp({ ...document, expiresAt }, []).packet!;
    const at = Date.parse(expiresAt);
    expect([at - 1, at].map((now) => isExpired(packet, now))).toEqual([false, true]);
    expect(isExpired({ ...packet, status: 'waiting' }, at)).toBe(true);
    expect(isExpired({ ...packet, status: 'refunded' }, at)).toBe(false);
    const created = { ...document, packetId: 'P', creatorId: 'W', expiresAt, revision: '1' };
    expect(isExpired(apply(fromHttp(null, []), 'packet:created', created).packet!, at)).toBe(true);
  });

  it('writes sums exactly, whatever their size', () => {
    expect(['0', '1', '1500000000', '18446744073709551615'].map((units) => amountText(units, 9))).toEqual([
      ...['0', '0.000000001', '1.5', '18446744073.709551615'],
    ]);
    expect(amountText('42', 0)).toBe('42');
  });
});
