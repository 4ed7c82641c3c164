import type { mongo } from 'mongoose';
import { ensureDeliveryIndexes } from '../delivery/desk/delivery-store.js';
import { ensureDispatcherIndexes } from '../delivery/dispatchers/dispatcher-store.js';
import { ensureJobIndexes } from '../delivery/jobs/job-run.js';
import { ensureEnvironmentIndexes } from '../delivery/environments/environment-store.js';
import { ensureExternalAccountIndexes } from '../delivery/environments/external-accounts.js';
import { ensureEventRecordIndexes } from '../delivery/records/record-store.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import { ensureCommitLog } from '../ledger/commit-log.js';
import { ensureLedgerIndexes } from '../ledger/ledger-collections.js';
import { ensureOutboxIndexes } from '../ledger/outbox.js';
import { ensureRepairIndexes } from '../ledger/repair-queue.js';
import { ensureAlertIndexes } from '../ops/alert-store.js';
import { ensureStableIndexes } from '../ledger/stable-slot.js';
import { ensureRunIndexes } from '../reconcile/reconcile-run.js';
import { ensureNonceIndexes } from '../transactions/nonces/nonce-store.js';
import { ensureIndexes, type CollectionIndexes } from '../store/model-indexes.js';

/** Creates every index that is missing of those that the ledger, the nonce accounts and the models of these modules need. */
export async function ensureAllIndexes(
  db: mongo.Db,
  modules: readonly Pick<DomainModule, 'models' | 'ownCollections'>[],
): Promise<void> {
  await ensureLedgerIndexes(db);
  await ensureCommitLog(db);
  await ensureStableIndexes(db);
  await ensureRepairIndexes(db);
  await ensureRunIndexes(db);
  await ensureOutboxIndexes(db);
  await ensureDispatcherIndexes(db);
  await ensureDeliveryIndexes(db);
  await ensureJobIndexes(db);
  await ensureEnvironmentIndexes(db);
  await ensureExternalAccountIndexes(db);
  await ensureEventRecordIndexes(db);
  await ensureAlertIndexes(db);
  await ensureNonceIndexes(db);
  await ensureIndexes(
    db,
    modules.flatMap(({ models, ownCollections }) => [...models.map(indexesOf), ...ownCollections]),
  );
  for (const { collection, expiresAt } of modules.flatMap(({ ownCollections }) => ownCollections)) {
    if (expiresAt !== undefined)
      await db.collection(collection).createIndex({ [expiresAt]: 1 }, { expireAfterSeconds: 0 });
  }
}

/** The model's own indexes, those of its key, and the tombstones', which the purge looks for. */
function indexesOf(model: Model): CollectionIndexes {
  const { collection, indexes } = model;
  if (model.kind === 'fact') return { collection, indexes };
  const tombstones = { keys: { '_mooring.at': 1 }, partial: { '_mooring.closed': true } } as const;
  const key = model.keyField === '_id' ? [] : [{ keys: { [model.keyField]: 1 as const } }];
  return { collection, indexes: [...indexes, ...key, tombstones] };
}
