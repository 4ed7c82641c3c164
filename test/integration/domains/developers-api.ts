import { createPrivateKey, sign } from 'node:crypto';
import type { Keypair } from '@solana/web3.js';
import bs58 from 'bs58';
import { expect } from 'vitest';
import { outbox } from '../../../src/ledger/outbox.js';
import type { ApiStack } from '../api/api-stack.js';

/** What a test changes of what a person says. */
interface PersonChanges {
  readonly name?: string;
  readonly email?: string;
}

/** A wallet's address. */
export const nameOf = (wallet: Keypair): string => wallet.publicKey.toBase58();

/** The e-mail address that belongs to a wallet here. */
export const emailOf = (wallet: Keypair): string => `${nameOf(wallet).toLowerCase()}@example.com`;

/** A wallet's signature of a text. */
export function signed(wallet: Keypair, text: string): Buffer {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), wallet.secretKey.slice(0, 32)]);
  return sign(null, Buffer.from(text), createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** Developers over HTTP, as people who have a wallet speak to them. */
export class DevelopersApi {
  constructor(private readonly stack: ApiStack) {}

  async challengeOf(wallet: Keypair, changes: PersonChanges = {}) {
    const person = { wallet: nameOf(wallet), name: 'Ada', email: emailOf(wallet), ...changes };
    const answer = await this.stack.send('POST', '/api/developers/challenge', person);
    expect(answer.status).toBe(201);
    return answer.body as unknown as { challenge: string; nonce: string; expiresAt: string };
  }

  /** The body of a registration, signed. */
  async registration(wallet: Keypair, changes: PersonChanges = {}) {
    const { challenge, nonce } = await this.challengeOf(wallet, changes);
    const signature = bs58.encode(signed(wallet, challenge));
    return { wallet: nameOf(wallet), nonce, signature, name: 'Ada', email: emailOf(wallet), ...changes };
  }

  register(body: object) {
    return this.stack.send('POST', '/api/developers', body);
  }

  async shown(wallet: Keypair) {
    return (await this.stack.get(`/api/developers/${nameOf(wallet)}`)).body;
  }

  messageOf(wallet: Keypair) {
    return outbox(this.stack.foundation.mongo.db).findOne({ _id: `welcome-developer.${nameOf(wallet)}` });
  }
}
