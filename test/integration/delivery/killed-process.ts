import { mongo } from 'mongoose';
import type { Mailer } from '../../../src/delivery/mailer.js';
import { mailerTo, openDispatcher } from './outbox-bench.js';

/** Sends what is due and stands still between the server's 250 and the note: `killed-process.ts <uri> <database> <smtp>`. */
const [uri = '', name = '', smtpUrl = ''] = process.argv.slice(2);
const client = await new mongo.MongoClient(uri).connect();
const real = mailerTo(smtpUrl);
const mailer: Mailer = {
  ...real,
  send: async (mail) => {
    const outcome = await real.send(mail);
    process.stdout.write(`${outcome.kind}\n`);
    return new Promise(() => setInterval(() => {}, 1_000));
  },
};
const dispatcher = await openDispatcher(client.db(name), mailer, { holder: `process ${process.pid}` });
await dispatcher.pass();
