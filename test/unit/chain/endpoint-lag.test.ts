import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndpointLag, MAX_ENDPOINT_LAG } from '../../../src/chain/endpoint-lag.js';

describe('EndpointLag (003-16)', () => {
  it('an endpoint is behind by what another had shown before it was asked', () => {
    const lag = new EndpointLag(2);
    lag.observe(0, 'confirmed', 1_000, lag.best('confirmed'), 0);
    expect(lag.observe(1, 'confirmed', 1_000 - MAX_ENDPOINT_LAG, 1_000, 0)).toBe(MAX_ENDPOINT_LAG);
    expect(lag.isLagging(1)).toBe(false);
    lag.observe(1, 'confirmed', 999 - MAX_ENDPOINT_LAG, 1_000, 0);
    expect(lag.isLagging(1)).toBe(true);
    lag.observe(1, 'confirmed', 1_000, 1_000, 0);
    expect(lag.isLagging(1)).toBe(false);
  });

  it('a slow answer is not a lagging node, and nor is one that was not asked for long', () => {
    const lag = new EndpointLag(2);
    const bestWhenAsked = lag.best('confirmed');
    lag.observe(0, 'confirmed', 5_000, null, 20_000);
    lag.observe(1, 'confirmed', 1_000, bestWhenAsked, 20_000);
    lag.observe(0, 'confirmed', 9_000, lag.best('confirmed'), 1_000_000);
    expect([lag.isLagging(0), lag.isLagging(1)]).toEqual([false, false]);
  });

  it('commitments are measured apart, except that a more settled slot is known at the less settled ones too', () => {
    const lag = new EndpointLag(2);
    lag.observe(0, 'confirmed', 1_000, null, 0);
    expect([lag.best('processed'), lag.best('confirmed'), lag.best('finalized')]).toEqual([1_000, 1_000, null]);
    expect(lag.observe(1, 'finalized', 960, lag.best('finalized'), 0)).toBe(0);
    expect(lag.observe(1, 'processed', 900, lag.best('processed'), 0)).toBe(100);
  });

  it('a node whose root stands still while it confirms is behind', () => {
    const lag = new EndpointLag(2);
    lag.observe(0, 'finalized', 1_000, null, 0);
    lag.observe(1, 'finalized', 500, 1_000, 0);
    lag.observe(1, 'confirmed', 1_032, 1_000, 0);
    expect(lag.isLagging(1)).toBe(true);
  });

  it('asks in turn for both heads, only when nothing else told them, and a lagging one where it lags', () => {
    const lag = new EndpointLag(2);
    expect(lag.headToAsk(0, 10, 0)).toBe('confirmed');
    lag.observe(0, 'confirmed', 1_000, null, 0);
    expect(lag.headToAsk(0, 10, 9)).toBeNull();
    expect(lag.headToAsk(0, 10, 10)).toBe('finalized');
    lag.observe(0, 'finalized', 970, null, 10);
    expect(lag.headToAsk(0, 10, 20)).toBe('confirmed');
    lag.observe(1, 'finalized', 500, 970, 20);
    lag.observe(1, 'confirmed', 1_000, 1_000, 29);
    expect(lag.headToAsk(1, 10, 29)).toBeNull();
    expect(lag.headToAsk(1, 10, 30)).toBe('finalized');
  });

  it('I5: one endpoint that claims an absurd slot makes nobody else lag', () => {
    const lag = new EndpointLag(3);
    lag.observe(0, 'confirmed', 1_000, null, 0);
    lag.observe(1, 'confirmed', 2 ** 50, lag.best('confirmed'), 0);
    expect(lag.best('confirmed')).toBe(1_000);
    // Also when it was the first to say anything.
    const fresh = new EndpointLag(2);
    fresh.observe(1, 'confirmed', 2 ** 50, null, 0);
    fresh.observe(0, 'confirmed', 1_000, fresh.best('confirmed'), 0);
    fresh.observe(0, 'confirmed', 1_001, fresh.best('confirmed'), 0);
    expect(fresh.isLagging(0)).toBe(false);
  });

  it('property: whoever shows what the best had shown is not behind, and the best never falls', () => {
    const shown = fc.record({ endpoint: fc.nat(2), slot: fc.integer({ min: 0, max: 50_000 }) });
    fc.assert(
      fc.property(fc.array(shown), (answers) => {
        const lag = new EndpointLag(3);
        let last = -1;
        for (const [now, { endpoint, slot }] of answers.entries()) {
          const best = lag.best('confirmed');
          lag.observe(endpoint, 'confirmed', slot, best, now);
          if (slot >= (best ?? 0)) expect(lag.lagSlots(endpoint)).toBe(0);
          expect(lag.best('confirmed')).toBeGreaterThanOrEqual(last);
          last = lag.best('confirmed') ?? -1;
        }
      }),
    );
  });
});
