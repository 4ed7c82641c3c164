import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../src/lib/clock.js';
import { MooringError } from '../../../../src/lib/errors.js';
import type { Check } from '../../../../src/ops/doctor/check.js';
import { fail, ok, skipped, warn, type Finding } from '../../../../src/ops/doctor/finding.js';
import { runChecks } from '../../../../src/ops/doctor/run-checks.js';
import { verdictOf } from '../../../../src/ops/doctor/verdict.js';

const LIMIT_MS = 60_000;
/** Every sleep is over at once. */
const hasty: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };

function check(id: string, changes: Partial<Check> = {}): Check {
  return {
    ...{ id, group: 'chain', subject: null, checked: id, limitMs: LIMIT_MS },
    look: async () => ok('fine'),
    whenUnread: ({ reason, message }) => fail(`${reason}: ${message}`, 'do something'),
    ...changes,
  };
}

async function findings(checks: readonly Check[], clock = systemClock): Promise<(Finding | null)[]> {
  return Promise.all(runChecks(checks, clock, (text) => text.replaceAll('secret', '…')));
}

const found = async (...checks: Check[]) => (await findings(checks)).map((finding) => finding?.found ?? null);
const statuses = async (...checks: Check[]) => (await findings(checks)).map((finding) => finding?.status ?? null);

describe('each check stands by itself (003-17)', () => {
  it('one that fails, throws or has nothing to say stops no other', async () => {
    expect(
      await statuses(
        check('a', { look: async () => fail('no', 'x') }),
        check('b', { look: () => Promise.reject(new Error('boom')) }),
        check('c', { look: async () => null }),
        check('d', { look: async () => warn('hm', 'x') }),
        check('e'),
      ),
    ).toEqual(['fail', 'fail', null, 'warn', 'ok']);
  });

  it('one that never answers ends at its own limit', async () => {
    const [finding] = await findings([check('a', { look: () => new Promise(() => {}) })], hasty);
    expect(finding).toMatchObject({ status: 'fail', found: 'timeout: no answer within 60 s', advice: 'do something' });
  });

  it('what is thrown is judged by its reason or code, where it has one', async () => {
    const thrown = (error: Error) => check('a', { look: () => Promise.reject(error) });
    expect(await found(thrown(new MooringError('wrong-chain', 'that one')))).toEqual(['wrong-chain: that one']);
    expect(await found(thrown(Object.assign(new Error('slow'), { reason: 'rate-limited' })))).toEqual([
      'rate-limited: slow',
    ]);
    expect(await found(thrown(Object.assign(new Error('odd'), { code: 13 })))).toEqual(['null: odd']);
  });

  it('no secret is said, neither in what was found nor in advice', async () => {
    const [finding] = await findings([check('a', { look: async () => fail('a secret', 'hide the secret') })]);
    expect(finding).toMatchObject({ found: 'a …', advice: 'hide the …' });
  });
});

describe('what a check needs', () => {
  const failing = check('base', { subject: 'x', look: async () => fail('no', 'x') });

  it('is named where it fails, and only the first in a chain of them', async () => {
    const next = check('next', { needs: ['base x'] });
    const last = check('last', { needs: ['next'] });
    const reason = 'not looked at: it needs "base" of x';
    expect(await found(failing, next, last)).toEqual(['no', reason, reason]);
    expect(await statuses(failing, next, last)).toEqual(['fail', 'skipped', 'skipped']);
  });

  it('may be a warning, or nothing said', async () => {
    const hm = check('hm', { look: async () => warn('hm', 'x') });
    const quiet = check('quiet', { look: async () => null });
    expect(await found(hm, quiet, check('next', { needs: ['hm', 'quiet'] }))).toEqual(['hm', null, 'fine']);
  });

  it('one of several is enough where one is', async () => {
    const well = check('base', { subject: 'y' });
    const next = check('next', { needsOneOf: ['base x', 'base y'] });
    expect((await statuses(failing, well, next)).at(-1)).toBe('ok');
    const other = { ...failing, subject: 'y' };
    expect((await found(failing, other, next)).at(-1)).toBe('not looked at: it needs "base" of x or y');
  });

  it('has to be listed before it', () => {
    expect(() => runChecks([check('next', { needs: ['later'] })], systemClock, String)).toThrow(/needs later/);
  });
});

describe('the verdict', () => {
  it.each([
    { of: [], status: 'ok', exitCode: 0 },
    { of: [ok('')], status: 'ok', exitCode: 0 },
    { of: [ok(''), skipped('')], status: 'ok', exitCode: 0 },
    { of: [ok(''), warn('', '')], status: 'warn', exitCode: 3 },
    { of: [warn('', ''), fail('', ''), skipped('')], status: 'fail', exitCode: 1 },
  ])('$status, exit code $exitCode', ({ of, status, exitCode }) => {
    expect(verdictOf(of)).toMatchObject({ status, exitCode });
  });

  it('counts every status', () => {
    expect(verdictOf([ok(''), ok(''), warn('', ''), skipped('')]).counts).toEqual({
      ok: 2,
      warn: 1,
      fail: 0,
      skipped: 1,
    });
  });
});
