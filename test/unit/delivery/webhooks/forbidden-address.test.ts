import { expect, it } from 'vitest';
import { forbiddenAddress } from '../../../../src/delivery/webhooks/forbidden-address.js';
import { forbiddenUrl } from '../../../../src/delivery/webhooks/webhook-url.js';

it.each([
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '169.254.169.254'],
  ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1'],
  ...['198.51.100.7', '203.0.113.7', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1'],
  ...['fe80::1', 'fe80::1%eth0', 'fc00::1', 'fdff::1', 'ff02::1', 'fec0::1', '2002:7f00:1::', '2001::1', '2001:db8::1'],
  ...['3fff::1', '2606:4700::1111%lo', 'localhost', ''],
])('TRAPS 28: no webhook goes to %s', (ip) => {
  expect(forbiddenAddress(ip)).toMatch(/special address|no IP address/);
});

it.each(['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111'])(
  'goes to %s',
  (ip) => expect(forbiddenAddress(ip)).toBeNull(),
);

it.each([
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:7f00:1]/',
  'https://169.254.169.254/latest/meta-data',
])('TRAPS 28: sees through the spelling of %s', (url) => {
  expect(forbiddenUrl(url, false)).toMatch(/special address \(.*WEBHOOKS_ALLOW_PRIVATE=true\)$/);
  expect(forbiddenUrl(url, true)).toBeNull();
});

it.each([
  ['http://example.com/', 'it has to begin with https:// (for development: WEBHOOKS_ALLOW_PRIVATE=true)'],
  ['ftp://example.com/', 'https://'],
  ['https://user:word@example.com/', 'user'],
  ['https://example.com/#part', '#'],
  ['example.com', 'no URL'],
])('refuses %s, and says why', (url, why) => {
  expect(forbiddenUrl(url, false)).toContain(why);
});

it('takes what may be reachable', () => {
  expect(forbiddenUrl('https://example.com:8443/hook?a=b', false)).toBeNull();
  expect(forbiddenUrl('http://localhost:3000/', true)).toBeNull();
  expect(forbiddenUrl('ftp://localhost/', true)).toBe('it has to begin with https:// or http://');
});
