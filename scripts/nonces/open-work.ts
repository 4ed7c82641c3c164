import type { Foundation } from '../../src/app/foundation.js';
import { MooringError } from '../../src/lib/errors.js';
import { loadSigners } from '../../src/transactions/keypair-signers.js';
import { NoncePool } from '../../src/transactions/nonces/nonce-pool.js';
import { NonceStore } from '../../src/transactions/nonces/nonce-store.js';
import type { NonceWork } from '../../src/transactions/nonces/nonce-work.js';
import { TransactionStore } from '../../src/transactions/transaction-store.js';

/**
 * What the subcommands that ask the chain work with. `tell` goes to stderr.
 * @throws MooringError `signer-invalid`
 */
export async function openNonceWork({ config, mongo, pool: rpc, machine }: Foundation): Promise<NonceWork> {
  const { signerKeypairPaths: keypairPaths, signerSecretKeys: secretKeys } = config;
  const transactions = new TransactionStore(mongo.db);
  const store = new NonceStore(mongo.db);
  const { chain, members } = rpc;
  const { clock } = machine;
  const findTransaction = (id: string) => transactions.find(id);
  return {
    ...{ chain, members, store, clock },
    pool: new NoncePool({ chain, members, store, clock, findTransaction }),
    signers: await loadSigners({ keypairPaths, secretKeys }),
    tell: (line) => console.error(line),
  };
}

/**
 * Who signs for the accounts and pays: the one asked for, or the first that is configured.
 * @throws MooringError `no-signer`, `signer-not-held`
 */
export function chosenAuthority({ signers: { addresses } }: NonceWork, asked: string | undefined): string {
  const [first] = addresses;
  if (first === undefined) {
    throw new MooringError(
      'no-signer',
      'No signer is configured: set SIGNER_KEYPAIRS or SIGNER_SECRET_KEYS, also in .env (see .env.example).',
    );
  }
  if (asked === undefined) return first;
  if (addresses.includes(asked)) return asked;
  throw new MooringError('signer-not-held', `${asked} is not among the signers: ${addresses.join(', ')}.`);
}

/** The authorities to look after: the one asked for, or all that have nonce accounts. */
export async function authoritiesOf({ store }: NonceWork, asked: string | undefined): Promise<string[]> {
  if (asked !== undefined) return [asked];
  return [...new Set((await store.list()).map(({ authority }) => authority))];
}
