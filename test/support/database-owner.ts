import { startDatabase } from '../../src/dev/embedded-database.js';

/** A process that owns a database and then does nothing, for tests that end it in bad ways: `database-owner.ts [dataDir]`. */
const dataDir = process.argv[2];
const database = await startDatabase({ dataDir });
process.stdout.write(`${database.uri}\n`);
setInterval(() => {}, 60_000);
