import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/env.js';
import { logEvent } from '../../../src/telemetry/event-log.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { prettyLine } from '../../../src/telemetry/pretty-log.js';

function logged(write: (log: ReturnType<typeof createLogger>) => void): {
  text: string;
  lines: Record<string, unknown>[];
} {
  let text = '';
  write(createLogger({ logLevel: 'info', logPretty: false }, { write: (chunk: string) => void (text += chunk) }));
  return {
    text,
    lines: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const TOKEN = `mk_0123456789ab_${'x'.repeat(43)}`;

describe('logger', () => {
  it('003-13: says signature, slot, event and data of an event, u64s exactly', () => {
    const data = {
      coupon: 'abc',
      revision: 18446744073709551615n,
      nested: [{ price: 1n }],
      bytes: new Uint8Array([1, 2]),
    };
    const { lines } = logged((log) =>
      logEvent(log, { program: 'coupons', name: 'CouponMinted', signature: '5x7y', slot: 123456, data }),
    );
    expect(lines[0]).toMatchObject({
      signature: '5x7y',
      slot: 123456,
      event: 'CouponMinted',
      data: { coupon: 'abc', revision: '18446744073709551615', nested: [{ price: '1' }], bytes: 'AQI=' },
    });
  });

  it('lets no secret through, wherever it hides', () => {
    const config = readConfig({ MONGODB_URI: 'mongodb://ann:hunter2@db/', SIGNER_SECRET_KEYS: '5'.repeat(88) });
    const { text, lines } = logged((log) => {
      log.info({ config, headers: { Authorization: 'hunter2', 'x-api-key': 'hunter2' } }, 'fields');
      log.info(
        { url: 'https://ann:hunter2@rpc/', query: 'https://rpc/?api-key=hunter2&x=1' },
        `a sentence with ${TOKEN}`,
      );
      log.error({ err: new Error('connect mongodb://ann:hunter2@db/ failed') }, 'an error');
      log.error(new Error(`bad key ${TOKEN}`));
      log
        .child({ password: 'hunter2', note: TOKEN })
        .warn({ error: new Error('https://rpc/?token=hunter2') }, 'a child');
    });
    expect(lines).toHaveLength(5);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('x'.repeat(43));
    expect(text).not.toContain('5'.repeat(88));
    expect(text).toContain('&x=1');
  });

  it('survives a cycle', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(logged((log) => log.info({ loop }, 'round')).lines).toHaveLength(1);
  });

  it('is readable for people when asked to, wherever it goes', () => {
    let text = '';
    const destination = { write: (chunk: string) => void (text += chunk) };
    createLogger({ logLevel: 'info', logPretty: true }, destination).info({ slot: 3 }, 'hello');
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}hello slot=3\n$/);
  });

  it('makes a line readable for people', () => {
    const line = prettyLine('{"level":40,"time":0,"msg":"hello","slot":3,"data":{"a":1},"pid":1}');
    expect(line).toBe('00:00:00.000 WARN  hello slot=3 data={"a":1}');
    expect(prettyLine('not json')).toBe('not json');
  });
});

describe('metrics', () => {
  it('live side by side, each with its own registry and the mooring_ prefix', async () => {
    const [one, other] = [createMetrics(), createMetrics({ processMetrics: true })];
    one.eventsTotal.inc({ program: 'coupons', event: 'CouponMinted', outcome: 'applied' });
    expect(await one.registry.metrics()).toContain(
      'mooring_events_total{program="coupons",event="CouponMinted",outcome="applied"} 1',
    );
    expect(await other.registry.metrics()).not.toContain('CouponMinted');
    const names = (await one.registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(names.every((name) => /^mooring_[a-z_]+$/.test(name))).toBe(true);
  });
});
