/*
 * Registers a developer as a client of mooring does: asks for a challenge, signs exactly that text, sends the signature back.
 * node docs/examples/register-developer.mjs <API> <file of solana-keygen> <name> <e-mail>
 */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [api, path, name, email] = process.argv.slice(2);
const key = Uint8Array.from(JSON.parse(readFileSync(path, 'utf8')));
/** What stands before the 32 bytes of an ed25519 private key in DER (RFC 8410, 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, key.subarray(0, 32)]), format: 'der', type: 'pkcs8' });
const wallet = base58(key.subarray(32));

const { challenge, nonce } = await post('/api/developers/challenge', { wallet, name, email });
const signature = sign(null, Buffer.from(challenge), privateKey).toString('base64');
console.log(await post('/api/developers', { wallet, nonce, signature, name, email }));

async function post(route, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api}${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.title);
  return answer;
}

/** As Solana writes addresses. */
function base58(bytes) {
  const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let text = '';
  for (let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`); rest > 0n; rest /= 58n)
    text = digits[rest % 58n] + text;
  return '1'.repeat(bytes.findIndex((byte) => byte !== 0)) + text;
}
