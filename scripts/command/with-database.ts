import { loadDotEnv, readConfig } from '../../src/config/env.js';
import { MooringError } from '../../src/lib/errors.js';
import { connectMongo, type MongoConnection } from '../../src/store/mongo-connection.js';
import { reportFailure, type FailureReport } from './report-failure.js';

/** As `withFoundation`, for work that needs no chain. `uri` goes before MONGODB_URI of the environment and .env. */
export async function withDatabase(
  report: FailureReport,
  uri: string | undefined,
  work: (mongo: MongoConnection) => Promise<void>,
): Promise<void> {
  await reportFailure(report, async () => {
    loadDotEnv();
    const config = readConfig();
    const chosen = uri ?? config.mongodbUri;
    if (chosen === undefined) {
      throw new MooringError('no-database', 'MONGODB_URI is not set: set it, also in .env (see .env.example).');
    }
    const mongo = await connectMongo(chosen, config.mongodbDatabase);
    try {
      await work(mongo);
    } finally {
      await mongo.close();
    }
  });
}
