import { mongo } from 'mongoose';
import { invokeByWebhook, type Invoke } from '../../../src/delivery/desk/invoke.js';
import { sendPlainly, startFleet } from './desk-bench.js';

/**
 * Works at one desk and stands still at a step of the first delivery, for somebody to kill it there:
 * `desk-child.ts <uri> <database> <desk> <claimed|answered>`.
 */
const [uri = '', name = '', desk = '0', step = ''] = process.argv.slice(2);
const client = await new mongo.MongoClient(uri).connect();
const real = invokeByWebhook(sendPlainly);
const invoke: Invoke = async (invocation, signal) => {
  if (step === 'answered') await real(invocation, signal);
  process.stdout.write(`${step}\n`);
  return new Promise(() => setInterval(() => {}, 60_000));
};
startFleet(client.db(name), { desks: [Number(desk)], invoke, timing: { graceMs: 200 }, termMs: 500 });
