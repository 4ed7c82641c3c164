import type { mongo } from 'mongoose';
import { MooringError } from '../lib/errors.js';

interface IdentityDocument {
  _id: 'chain';
  genesisHash: string;
}

/** The genesis hash of the chain that a database was filled from; null before anything was. */
export async function readBoundChain(db: mongo.Db): Promise<string | null> {
  return (await db.collection<IdentityDocument>('frontiers').findOne({ _id: 'chain' }))?.genesisHash ?? null;
}

/**
 * Binds a database to the chain it was filled from. Two chains in one database would prove each other wrong for ever.
 * @throws MooringError `wrong-chain` when the database belongs to another chain.
 */
export async function bindToChain(db: mongo.Db, genesisHash: string): Promise<void> {
  const identity = db.collection<IdentityDocument>('frontiers');
  await identity.updateOne({ _id: 'chain' }, { $setOnInsert: { genesisHash } }, { upsert: true });
  const bound = await readBoundChain(db);
  if (bound === genesisHash) return;
  throw new MooringError(
    'wrong-chain',
    `This database was filled from the chain with genesis ${bound ?? 'unknown'}, but SOLANA_RPC_URL leads to ` +
      `${genesisHash}. Use the endpoint of that chain, or another MONGODB_DATABASE for this one.`,
  );
}
