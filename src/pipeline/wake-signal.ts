import type { mongo } from 'mongoose';

interface WakeDocument {
  _id: string;
  calls: number;
}

function wakes(db: mongo.Db): mongo.Collection<WakeDocument> {
  return db.collection<WakeDocument>('leases');
}

function wakeId(program: string): string {
  return `wake:${program}`;
}

/**
 * Tells the process that holds a program's lease that records wait. Only a hint that saves time: what waits is found
 * by the next poll anyway (TRAPS 25). A document of its own, never touched by a transaction: it cannot conflict.
 */
export async function wakeHolder(db: mongo.Db, program: string): Promise<void> {
  await wakes(db).updateOne({ _id: wakeId(program) }, { $inc: { calls: 1 } }, { upsert: true });
}

/** Calls `onWake` at each `wakeHolder` of any process until `signal` is aborted. Says nothing when the stream breaks. */
export function watchWakes(db: mongo.Db, program: string, onWake: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const stream = wakes(db).watch([{ $match: { 'documentKey._id': wakeId(program) } }], {
    maxAwaitTimeMS: 1_000,
  });
  stream.on('change', onWake);
  // Without the stream the poll is all there is: slower, as correct.
  stream.on('error', () => void stream.close().catch(() => undefined));
  signal.addEventListener('abort', () => void stream.close().catch(() => undefined), { once: true });
}
