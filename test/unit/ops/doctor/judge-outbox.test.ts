import { describe, expect, it } from 'vitest';
import { judgeFailed, judgeOwed } from '../../../../src/ops/doctor/judge-outbox.js';

const none = { isSmtpUrlSet: true, count: 0, late: 0, oldestMs: 0, troubled: 0, error: null };

describe('the outbox', () => {
  it('owed: why letters do not leave', () => {
    expect(judgeOwed(none)).toMatchObject({ status: 'ok', found: 'none' });
    expect(judgeOwed({ ...none, isSmtpUrlSet: false })).toMatchObject({
      status: 'ok',
      found: 'none; SMTP_URL is not set, so those to come would wait',
    });
    const owed = { ...none, count: 2, late: 2, oldestMs: 300_000 };
    expect(judgeOwed({ ...owed, isSmtpUrlSet: false })).toMatchObject({
      status: 'warn',
      found: '2 letters owed, the oldest for 5 min, and SMTP_URL is not set',
    });
    expect(judgeOwed(owed)).toMatchObject({ status: 'warn', found: '2 letters owed, the oldest due for 5 min' });
    expect(judgeOwed({ ...owed, late: 0, troubled: 1, error: '451 greylisted' })).toMatchObject({
      status: 'warn',
      found: '2 letters owed, 1 of them tried again later: 451 greylisted',
    });
    expect(judgeOwed({ ...owed, late: 0 })).toMatchObject({ status: 'ok', found: '2 letters owed, none late' });
  });

  it('failed: a handler is ours to mend, a letter is to be decided on', () => {
    const clean = { events: 0, eventError: null, letters: 0, letterError: null };
    expect(judgeFailed(clean).status).toBe('ok');
    expect(judgeFailed({ ...clean, letters: 1, letterError: '550 no such mailbox' })).toMatchObject({
      status: 'warn',
      found: '1 letter, the newest: 550 no such mailbox',
    });
    const both = { events: 1, eventError: 'no such field', letters: 2, letterError: '550' };
    expect(judgeFailed(both)).toMatchObject({
      status: 'fail',
      found: '1 event whose onFinalized failed, the newest: no such field; 2 letters, the newest: 550',
    });
    expect(judgeFailed({ ...clean, events: 1, eventError: 'no such field' }).found).not.toContain('letter');
  });
});
