import { isIP } from 'node:net';
import { forbiddenAddress, UNLESS_ALLOWED } from './forbidden-address.js';

/**
 * Why nothing can be sent to this URL, whatever its name resolves to; null: it can be tried. Literal addresses in any
 * spelling (hexadecimal, octal, one number) are normalised by the URL parser before they are looked at.
 */
export function forbiddenUrl(text: string, allowPrivate: boolean): string | null {
  if (!URL.canParse(text)) return 'it is no URL; write one such as https://example.com/hook';
  const { protocol, username, password, hash, hostname } = new URL(text);
  if (protocol !== 'https:' && !allowPrivate) return `it has to begin with https:// ${UNLESS_ALLOWED}`;
  if (protocol !== 'https:' && protocol !== 'http:') return 'it has to begin with https:// or http://';
  if (username !== '' || password !== '') return 'it must not carry a user or a password: requests are signed';
  if (hash !== '') return 'it must not have a # part: nothing of it would be sent';
  const literal = hostname.replace(/^\[|\]$/g, '');
  return allowPrivate || isIP(literal) === 0 ? null : forbiddenAddress(literal);
}
