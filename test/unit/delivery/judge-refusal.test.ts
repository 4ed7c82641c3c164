import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../../src/delivery/judge-refusal.js';

const said = (command: string, response: string) =>
  isRefusal({ command, response, responseCode: Number(response.slice(0, 3)) });

describe('what a mail server says (001-8)', () => {
  it.each([
    ['RCPT TO', '550 no such mailbox'],
    ['RCPT TO', '551 User not local'],
    ['RCPT TO', '553 mailbox name not allowed'],
    ['RCPT TO', '550 5.1.1 <x@y.zz>: user unknown'],
    ['RCPT TO', '550-5.1.1 The account does not exist.\n550 5.1.1 See the help.'],
    ['RCPT TO', '554 5.1.2 domain not found'],
    ['RCPT TO', '556 5.1.10 null MX'],
    ['RCPT TO', '550 5.2.1 mailbox disabled'],
    ['DATA', '550 5.1.1 user unknown'],
    ['DATA', '554 5.6.0 message content rejected'],
  ])('of the recipient or the letter is for good: %s %s', (command, response) => {
    expect(said(command, response)).toBe(true);
  });

  it.each([
    ['RCPT TO', '554 5.7.1 <x@y.zz>: Relay access denied'],
    ['RCPT TO', '550 5.7.1 Service unavailable, client host blocked'],
    ['RCPT TO', '550 5.1.8 sender address rejected: domain not found'],
    ['RCPT TO', '552 5.2.2 mailbox full'],
    ['RCPT TO', '530 authentication required'],
    ['RCPT TO', '554 transaction failed'],
    ['RCPT TO', '450 4.2.1 try again'],
    ['RCPT TO', '550 4.7.1 greylisted'],
    ['RCPT TO', '550 5.0.0 denied'],
    ['MAIL FROM', '550 5.1.1 not a sender of ours'],
    ['CONN', '554 your address is blocked'],
    ['DATA', '550 5.7.26 unauthenticated, DMARC policy'],
    ['DATA', '550 5.4.5 daily sending quota exceeded'],
    ['DATA', '550 5.3.0 local error'],
    ['DATA', '554 5.5.1 no valid recipients'],
    ['DATA', '554 looks like spam'],
    ['DATA', '451 4.3.0 later'],
  ])('of us or of the system passes: %s %s', (command, response) => {
    expect(said(command, response)).toBe(false);
  });

  it('nothing at all is no refusal', () => {
    expect(isRefusal(new Error('Connection closed') as never)).toBe(false);
  });
});
