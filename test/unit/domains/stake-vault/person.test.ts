import { describe, expect, it } from 'vitest';
import { isPlainName } from '../../../../src/domains/stake-vault/developers/person.js';

describe('a name of a developer (001-1)', () => {
  it.each([
    ...[
      'Ada',
      'Grace Hopper',
      'J.R.R. Tolkien',
      'Dr. Who',
      'Ph.D. Ada',
      'Zoë',
      '株式会社',
      'Ada/Grace',
      'x'.repeat(100),
    ],
    // Joiners, which Persian and emojis need.
    ...['علی\u200cرضا', '👩\u200d💻 Ada'],
  ])('may be %s', (name) => {
    expect(isPlainName(name)).toBe(true);
  });

  it.each([
    ...[
      '',
      'x'.repeat(101),
      'Ada\nBcc: x',
      'Ada\u2028',
      'Ada\u202e',
      'A\u0000',
      '\u200dAda',
      'Ada\u200c',
      'A\u200d\u200dB',
    ],
    ...['https://evil.example/claim', 'see www.evil', 'evil.example', 'EVIL.EXAMPLE now', 'x@evil.example', '//evil'],
    // As a mail program reads them.
    ...['evil\u200d.example', 'evil\uff0eexample', 'evil\u3002example', '10.0.0.1', 'x.xn--p1ai', 'x.рф'],
  ])('is not %j', (name) => {
    expect(isPlainName(name)).toBe(false);
  });
});
