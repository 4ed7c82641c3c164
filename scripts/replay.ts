import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import type { Foundation, InstalledModule } from '../src/app/foundation.js';
import { keepLease } from '../src/leases/lease-keeper.js';
import { noteProjectingVersion } from '../src/ledger/projection-version.js';
import { cancelReplay, isSwapping, readReplay, requestReplay, type Replay } from '../src/ledger/replay-request.js';
import { ledgerEvents } from '../src/ledger/ledger-collections.js';
import { MooringError } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import { rehearseReplay } from '../src/recovery/replay-rehearsal.js';
import { assertReplaceable } from '../src/recovery/replay-shadow.js';
import { Replayer } from '../src/recovery/replay.js';
import { commandLine } from './command/command-line.js';
import { endOnInterrupt, EXIT_INTERRUPTED, interruptSignal } from './command/interrupt.js';
import { installedModule, programOption } from './command/program-option.js';
import { ProgressBar, type Progress } from './command/progress-bar.js';
import { wholeNumber } from './command/whole-number.js';
import { withFoundation } from './command/with-foundation.js';

const EXIT_INCOMPLETE = 1;
const LOOK_EVERY_MS = 500;
const SWAP_CANNOT_BE_CANCELLED =
  'The replay is exchanging the collections: half of that would be two versions at once, so it is finished.';

const options = commandLine('replay')
  .description(
    'Rebuilds the documents of a program from the ledger by the handlers of today, while live ingest goes on.',
  )
  .addOption(programOption('which').makeOptionMandatory())
  .option('--from-slot <slot>', 'only documents touched since this slot', wholeNumber(0))
  .option('--shadow', 'build new collections beside the live ones and swap them in at the end')
  .option('--dry-run', 'write nothing; say what would change')
  .addOption(
    new Option('--cancel', 'end the replay under way where it stands').conflicts(['dryRun', 'fromSlot', 'shadow']),
  )
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
The worker that holds the program's lease does the work; where none does, this process takes the lease and does it.
Ctrl-C only stops watching: the replay goes on, or waits for the next worker. --cancel ends it.

Exit code: 0 done (with --dry-run: nothing would change), 1 not done: cancelled, left to a worker, or some documents
refused what they should hold (with --dry-run: something would change), 2 it could not be made, or was asked wrongly,
130 it was interrupted.

Examples:
  npm run replay -- --program coupons --dry-run
  npm run replay -- --program coupons
  npm run replay -- --program coupons --from-slot 250000000
  npm run replay -- --program coupons --cancel
  npm run replay -- --program coupons --json | tail -1 | jq .counts`,
  )
  .parse()
  .opts<{
    program: string;
    fromSlot?: number;
    shadow?: boolean;
    dryRun?: boolean;
    cancel?: boolean;
    json?: boolean;
  }>();

await withFoundation({ what: 'The replay could not be made', json: options.json === true }, (foundation) =>
  run(foundation, installedModule(foundation, options.program)),
);

async function run(foundation: Foundation, installed: InstalledModule): Promise<void> {
  const { db } = foundation.mongo;
  const { clock } = foundation.machine;
  const { module, codec } = installed;
  if (options.cancel) {
    const cancelled = await cancelReplay(db, module.name, new Date(clock.now()));
    const replay = await readReplay(db, module.name);
    const swapping = !cancelled && replay !== null && isSwapping(replay);
    const why = swapping ? SWAP_CANNOT_BE_CANCELLED : 'There is no replay under way.';
    finish({ cancelled, swapping }, cancelled ? 'The replay is cancelled.' : why, cancelled);
    return;
  }
  if (options.dryRun) {
    endOnInterrupt({ what: 'Interrupted: nothing was changed.', json: options.json === true });
    const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'records');
    // What would change of documents since a slot depends on all that was before.
    const total = await countApplied(db, module.name, null);
    let done = 0;
    const onRead = (records: number) => bar.show({ done: (done += records), total });
    const rehearsal = await rehearseReplay(db, module, codec, options.fromSlot ?? null, onRead).finally(() =>
      bar.end(),
    );
    for (const { collection, change, create, remove, same } of rehearsal.collections) {
      console.log(`${collection}: ${change} would change, ${create} new, ${remove} removed, ${same} stay as they are`);
    }
    if (rehearsal.failing > 0) console.log(`${rehearsal.failing} records would become dead: their handler fails`);
    for (const example of rehearsal.examples) console.log(`  ${example}`);
    finish(rehearsal, `${rehearsal.differing} documents would change.`, rehearsal.differing + rehearsal.failing === 0);
    return;
  }
  if (options.shadow && options.fromSlot !== undefined) {
    throw new MooringError('shadow-impossible', 'A shadow is built from the whole history: leave --from-slot out.');
  }
  if (options.shadow) await assertReplaceable(db, module);
  const total = await countApplied(db, module.name, options.fromSlot ?? null);
  const wanted = {
    ...{ program: module.name, id: randomUUID(), version: module.version, total },
    ...{ fromSlot: options.fromSlot ?? null, shadow: options.shadow === true },
  };
  const { replay, isNew } = await requestReplay(db, wanted, new Date(clock.now()));
  if (!isNew) {
    const isSame = replay.fromSlot === wanted.fromSlot && replay.shadow === wanted.shadow;
    if (!isSame) {
      const what = `from slot ${replay.fromSlot ?? 0}${replay.shadow ? ', shadow' : ''}`;
      throw new MooringError('replay-under-way', `Another replay is under way (${what}). Let it end, or --cancel it.`);
    }
    console.log('A replay is under way already; watching it.');
  }
  await watch(foundation, installed, replay.id);
}

/** Shows how the replay goes, and does it where nobody else holds the lease, until it has ended or Ctrl-C. */
async function watch(foundation: Foundation, { module, codec }: InstalledModule, id: string): Promise<void> {
  const { config, log, machine, mongo } = foundation;
  const { clock, holder } = machine;
  const interrupted = interruptSignal();
  const stop = new AbortController();
  interrupted.addEventListener('abort', () => stop.abort(), { once: true });
  let isHere = false;
  const working = keepLease(
    { db: mongo.db, clock, log, holder, termMs: config.leaseTermMs },
    `program:${module.name}`,
    stop.signal,
    async (work, lost) => {
      if (!isHere) console.log('No worker holds the program: this process does the replay.');
      isHere = true;
      const replayer = new Replayer({ db: mongo.db, clock, log, batchSize: config.batchSize }, module, codec, work);
      await work.exclusive(async () => {
        await noteProjectingVersion(mongo.db, module.name, module.version);
        await replayer.prepare();
      });
      await replayer.run(lost);
      // Done, or not ours to do: the watch below sees it and ends this.
      await clock.sleep(LOOK_EVERY_MS * 2, lost);
    },
  );
  const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'records');
  let note: string | null = null;
  while (!interrupted.aborted) {
    const replay = await readReplay(mongo.db, module.name);
    if (replay?.id !== id || replay.state !== 'running') break;
    if (replay.note === null) bar.show(progressOf(replay));
    else if (replay.note !== note) {
      bar.end();
      console.log(`waiting: ${replay.note}`);
    }
    note = replay.note;
    await clock.sleep(LOOK_EVERY_MS, stop.signal);
  }
  stop.abort();
  await working;
  bar.end();
  const replay = await readReplay(mongo.db, module.name);
  if (replay?.id !== id) return finish({ state: 'replaced' }, 'Another replay was asked for meanwhile.', false);
  for (const problem of replay.problems) console.log(`problem: ${problem}`);
  if (replay.state === 'running') {
    finish(replay, 'Left to a worker: it goes on whenever one holds the program. --cancel ends it.', false);
    if (interrupted.aborted) process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  const { records, documents, removed, settled, dead, decoded } = replay.counts;
  const what =
    `${records} records, ${documents} documents folded anew, ${removed} removed, ${settled} results changed, ` +
    `${decoded} read otherwise by their IDL, ${dead} became dead`;
  const isWhole = replay.state === 'done' && replay.problems.length === 0;
  finish(replay, replay.state === 'done' ? `Done: ${what}.` : `Cancelled after ${what}.`, isWhole);
}

/** Records are read once; the documents that they touch come after them. */
function progressOf({ phase, total, counts }: Replay): Progress {
  return { done: counts.records, total, detail: `${phase}, ${counts.documents} documents folded anew` };
}

function countApplied(db: Foundation['mongo']['db'], program: string, fromSlot: number | null): Promise<number> {
  return ledgerEvents(db).countDocuments({
    ...{ program, state: 'applied' },
    ...(fromSlot === null ? {} : { slot: { $gte: fromSlot } }),
  });
}

function finish(json: object, line: string, isWhole: boolean): void {
  console.log(line);
  if (options.json) console.log(toJson(json));
  if (!isWhole) process.exitCode = EXIT_INCOMPLETE;
}
