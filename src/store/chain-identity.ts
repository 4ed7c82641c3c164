import type { mongo } from 'mongoose';
import { MooringError } from '../lib/errors.js';

interface IdentityDocument {
  _id: 'chain';
  genesisHash: string;
}

/**
 * Binds a database to the chain it was filled from. Two chains in one database would prove each other wrong for ever.
 * @throws MooringError `wrong-chain` when the database belongs to another chain.
 */
export async function bindToChain(db: mongo.Db, genesisHash: string): Promise<void> {
  const identity = db.collection<IdentityDocument>('frontiers');
  await identity.updateOne({ _id: 'chain' }, { $setOnInsert: { genesisHash } }, { upsert: true });
  const bound = await identity.findOne({ _id: 'chain' });
  if (bound?.genesisHash === genesisHash) return;
  throw new MooringError(
    'wrong-chain',
    `This database was filled from the chain with genesis ${bound?.genesisHash ?? 'unknown'}, but SOLANA_RPC_URL leads to ` +
      `${genesisHash}. Use the endpoint of that chain, or another MONGODB_DATABASE for this one.`,
  );
}
