import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import type { mongo } from 'mongoose';
import type { ApiKeys } from '../../src/api/api-keys.js';
import { MooringError } from '../../src/lib/errors.js';

/** For the owner's eyes only. */
const SECRET_FILE = 0o600;
const SECRET_DIRECTORY = 0o700;

/** The wallets of `npm run dev`, the same at every start, as solana-keygen files in the data directory. */
export function devWallets(
  dataDir: string,
  names: readonly string[],
): { name: string; path: string; keypair: Keypair }[] {
  return names.map((name) => {
    const path = join(dataDir, 'wallets', `${name}.json`);
    const stored = readSecret(path);
    const keypair = stored === null ? Keypair.generate() : keypairFrom(path, stored);
    if (stored === null) writeSecret(path, JSON.stringify([...keypair.secretKey]));
    return { name, path, keypair };
  });
}

/**
 * The API key of `npm run dev`, the same at every start. A database that was made anew does not know it: then the
 * document that was kept beside the token is put back. A key that was revoked stays so, and another one is made.
 */
export async function devApiKey(dataDir: string, db: mongo.Db, apiKeys: ApiKeys): Promise<string> {
  const path = join(dataDir, 'api-key.json');
  const collection = db.collection<{ _id: string } & mongo.Document>('api_keys');
  const stored = readSecret(path);
  if (stored !== null) {
    const { token, document } = JSON.parse(stored) as { token: string; document: { _id: string; createdAt: string } };
    const { _id, ...fields } = document;
    const restored = { ...fields, createdAt: new Date(document.createdAt) };
    await collection.updateOne({ _id }, { $setOnInsert: restored }, { upsert: true });
    if (await apiKeys.verify(token)) return token;
  }
  const { key, token } = await apiKeys.create('npm run dev', ['read', 'write']);
  writeSecret(path, JSON.stringify({ token, document: await collection.findOne({ _id: key.id }) }));
  return token;
}

function readSecret(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function writeSecret(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: SECRET_DIRECTORY });
  writeFileSync(path, `${text}\n`, { mode: SECRET_FILE });
  // The mode above counts only for a file that was not there.
  chmodSync(path, SECRET_FILE);
}

function keypairFrom(path: string, text: string): Keypair {
  try {
    return Keypair.fromSecretKey(Uint8Array.from(JSON.parse(text) as number[]));
  } catch {
    throw new MooringError('signer-invalid', `${path} is not a keypair file: delete it and a new one is made.`);
  }
}
