import type { Keypair, TransactionInstruction } from '@solana/web3.js';
import bs58 from 'bs58';
import { openNonceWork } from '../../../scripts/nonces/open-work.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { compileTransaction, signTransaction } from '../../../src/transactions/compile-transaction.js';
import type { NonceWork } from '../../../src/transactions/nonces/nonce-work.js';
import type { NonceValue } from '../../../src/transactions/nonces/signed-over.js';
import type { StoredNonce } from '../../../src/transactions/nonces/stored-nonce.js';
import type { TransactionState } from '../../../src/transactions/managed-transaction.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';

const LAMPORTS = 1_000_000_000;

/** A chain, a database, and pools of nonce accounts of fresh signers on both. */
export interface NonceBench {
  readonly chain: TestChain;
  /** In front of the first of two endpoints. */
  readonly proxy: FaultProxy;
  /** For `npm run nonces` of this signer. */
  environment(signer: Keypair): Record<string, string>;
  signer(lamports?: number): Promise<Keypair>;
  /** Works for a signer: by two endpoints, or by the one behind the proxy alone. */
  work(signer: Keypair, endpoints?: 'both' | 'proxy'): Promise<NonceWork>;
  /** A managed transaction as the submitter stores it, with or without signed bytes. */
  /** With one version where it has a signature, over this nonce. */
  storeTransaction(id: string, state: TransactionState, signature?: string, over?: NonceValue): Promise<void>;
  /** Changes the database by hand. */
  tamper(address: string, change: Partial<StoredNonce>): Promise<void>;
  forget(address: string): Promise<void>;
  /** Refreshes until the nonce is in this state. */
  untilState(work: NonceWork, address: string, state: StoredNonce['state']): Promise<StoredNonce>;
  balance(signer: Keypair): Promise<number>;
  close(): Promise<void>;
}

/** Opens all of it. */
export async function openNonceBench(): Promise<NonceBench> {
  const [chain, database] = await Promise.all([createTestChain({ programs: [] }), createTestDatabase()]);
  const proxy = await startFaultProxy(chain);
  const opened: Foundation[] = [];
  const environment = (signer: Keypair) => ({
    ...{ MONGODB_URI: database.uri, MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', PROGRAMS: 'coupons' },
    ...{ SOLANA_RPC_URL: chain.rpcUrl, SIGNER_SECRET_KEYS: bs58.encode(signer.secretKey) },
  });
  const work: NonceBench['work'] = async (signer, endpoints = 'both') => {
    const config = readConfig(environment(signer));
    const rpcUrls = endpoints === 'both' ? [proxy.rpcUrl, chain.rpcUrl] : [proxy.rpcUrl];
    const where = { rpcUrls, wsUrls: [], mongodbUri: database.uri };
    const foundation = await layFoundation(config, where, [], createLogger(config), createMetrics());
    opened.push(foundation);
    return { ...(await openNonceWork(foundation)), tell: () => {} };
  };
  const db = () => (opened[0] as Foundation).mongo.db;
  return {
    ...{ chain, proxy, environment, work },
    signer: async (lamports = LAMPORTS) => (await chain.fundedKeypairs(1, lamports))[0] as Keypair,
    storeTransaction: async (_id, state, signature, over) => {
      const lifetime = { kind: 'nonce', account: over?.address, value: over?.value };
      const attempts = signature === undefined ? [] : [{ signature, lifetime }];
      const transactions = db().collection<{ _id: string }>('managed_transactions');
      await transactions.replaceOne({ _id }, { state, attempts }, { upsert: true });
    },
    tamper: async (_id, change) => {
      await db().collection<StoredNonce>('nonce_accounts').updateOne({ _id }, { $set: change });
    },
    forget: async (_id) => {
      await db().collection<StoredNonce>('nonce_accounts').deleteOne({ _id });
    },
    untilState: (of, address, state) =>
      eventually(async () => {
        await of.pool.refresh();
        const nonce = (await of.store.list()).find(({ _id }) => _id === address);
        return nonce?.state === state && nonce;
      }),
    balance: (signer) => chain.connection.getBalance(signer.publicKey, 'confirmed'),
    close: async () => {
      await Promise.all(opened.map((one) => one.close()));
      await proxy.stop();
      await chain.stop();
      await database.drop();
    },
  };
}

const NO_FEE = { unitLimit: null, unitPrice: 0 };

/** Signs over a nonce value, or a blockhash, without sending. */
export function signOver(work: NonceWork, payer: string, instructions: TransactionInstruction[], over: string) {
  const lifetime = { kind: 'blockhash', blockhash: over, lastValidBlockHeight: 0 } as const;
  return signTransaction(compileTransaction({ instructions, payer }, lifetime, NO_FEE), work.signers);
}
