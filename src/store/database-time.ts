import type { mongo } from 'mongoose';

/** What the clock of the database's server shows, in milliseconds since the Unix epoch; null: it does not tell. */
export async function readDatabaseTime(db: mongo.Db): Promise<number | null> {
  const { localTime } = await db.command({ hello: 1 });
  return localTime instanceof Date ? localTime.getTime() : null;
}
