import type { mongo } from 'mongoose';
import type { ProgramCodec } from '../decoding/types.js';
import { isAddress } from '../domain-kit/command-fields.js';
import { keyFieldOf, THAT_COUNT } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { touchOf } from '../ledger/ledger-record.js';
import { listAccounts, readByAddress, readListed, type AccountPage, type ListingChain } from './account-pages.js';
import { applyRemedies, type RemedyDependencies } from './apply-remedies.js';
import { auditAgainstLedger } from './audit-ledger.js';
import type { Finding } from './audit-report.js';
import { awaitRepairs } from './await-repairs.js';
import { countForAudit } from './audit-progress.js';
import { auditSettled } from './audit-settled.js';
import {
  addTouch,
  markedOrphans,
  nextInRotation,
  together,
  touchedSince,
  type KeysByModel,
  type RotationPlace,
} from './changed-documents.js';
import { removeFalseMarks } from './false-marks.js';
import { compareAccounts, compareWithRecords } from './first-sight.js';
import { judgeDoubts, type Doubt, type Judged } from './judge-doubts.js';
import { isMassAbsence } from './mass-absence.js';
import type { OrphanWitness } from './known-events.js';
import { mirroredFields } from './mirrored-fields.js';
import type { PassTally } from './pass-tally.js';
import { readRefusals } from './read-refusals.js';
import { SUSPECTS_KEPT, type ReconcileScope } from './reconcile-run.js';
import { markUnkeyed } from './unkeyed-documents.js';

/** Doubts held in memory before they are judged: about 10 MB of accounts. */
const DOUBTS_AT_ONCE = 5_000;
/** How long the lease holder may take to put right what it was asked to, in milliseconds. */
const REPAIR_PATIENCE_MS = 120_000;
/** Marked orphans that are looked at again at each pass. */
const MARKED_AT_ONCE = 2_000;
/** A key that somebody made up may be of any length, and a run has to be stored. */
const LONGEST_KEY = 500;
/** Keys of documents read at once. */
const KEYS_PER_READ = 2_000;

/** What a pass is to look at. */
export interface PassPlan {
  readonly run: string;
  readonly scope: ReconcileScope;
  /** `changes`: documents touched from this slot on. */
  readonly sinceSlot: number;
  readonly suspects: readonly string[];
  readonly rotation: RotationPlace | null;
  /** Documents of the rotation. */
  readonly share: number;
  /** Whether most of a collection may be marked as orphaned at once: where somebody is looking. */
  readonly mayMarkMany: boolean;
}

export interface PassDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly chain: ListingChain;
  readonly members: readonly OrphanWitness[];
  readonly commit: RemedyDependencies['commit'];
  /** How long the ledger may take to catch up with the accounts that were read, in milliseconds. */
  readonly patienceMs: number;
  /** Asks whoever sweeps to do it now. */
  readonly hurry: () => void;
  /** Takes in what the ledger lacks of the program's history; whether all of it was looked at. */
  readonly recoverHistory: (signal: AbortSignal) => Promise<{ readonly recovered: number; readonly isWhole: boolean }>;
  readonly onProgress: (tally: PassTally, phase: string) => void;
  readonly signal: AbortSignal;
}

/** Where a pass ended, for the next one. */
export interface PassOutcome {
  readonly rotation: RotationPlace | null;
  readonly suspects: readonly string[];
}

/**
 * Compares a program's documents with its accounts at finalized, and with the ledger, and has put right what differs:
 * accounts enter the ledger as observations, and the holder of the program's lease projects them in its turn, so that this
 * never races with live ingest. What is found is told to `tally`.
 * @throws RpcError where the chain does not answer; StaleFenceError from `commit`.
 */
export async function reconcileProgram(
  dependencies: PassDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  plan: PassPlan,
  tally: PassTally,
): Promise<PassOutcome> {
  const pass = new Pass(dependencies, module, codec, plan, tally);
  const rotation = plan.scope === 'everything' ? await pass.everything() : await pass.changes();
  await pass.mend();
  return { rotation, suspects: pass.suspects.slice(0, SUSPECTS_KEPT) };
}

class Pass {
  readonly suspects: string[] = [];
  readonly #mirrored: ReadonlyMap<StateModel, ReadonlySet<string>>;
  readonly #seen = new Set<string>();
  #doubts: Doubt[] = [];
  #firstUnreadable: string | undefined;
  #leavesResults = false;
  /** Only then does an event that the ledger lacks not exist. */
  #isHistoryWhole = false;

  constructor(
    private readonly dependencies: PassDependencies,
    private readonly module: DomainModule,
    private readonly codec: ProgramCodec,
    private readonly plan: PassPlan,
    private readonly tally: PassTally,
  ) {
    this.#mirrored = mirroredFields(module, codec);
  }

  /** Every account there is, every document, and the ledger against both. */
  async everything(): Promise<null> {
    const { db, recoverHistory, signal, onProgress } = this.dependencies;
    const { module, tally } = this;
    this.#leavesResults = true;
    onProgress(tally, 'looking through the history');
    const history = await recoverHistory(signal);
    tally.add('recovered', history.recovered);
    this.#isHistoryWhole = history.isWhole;
    const { run } = this.plan;
    await removeFalseMarks(this.dependencies, module.models);
    const keyed = module.models.filter((model) => model.kind === 'fact' || this.#mirrored.has(model));
    const unkeyed = await markUnkeyed({ ...this.dependencies, run, slot: tally.slot ?? 0 }, keyed);
    for (const { model, id, reason } of unkeyed) {
      tally.name({ collection: model.collection, key: id, kind: 'orphaned', fields: [], reason });
    }
    tally.add('marked', unkeyed.length);
    const listed = new Map<string, ReadonlySet<string> | null>();
    for (const type of Object.keys(module.accounts)) listed.set(type, await this.#list(type));
    const accounts = sum([...listed.values()].map((keys) => keys?.size ?? 0));
    tally.total = accounts + (await countForAudit(db, [{ module }]));
    for (const [type, keys] of listed) await this.#readListed(type, keys);
    await this.#unlisted(listed);
    for (const model of module.models) {
      if (this.#mirrored.has(model as StateModel)) continue;
      tally.add('documents', await db.collection(model.collection).countDocuments(THAT_COUNT));
    }
    const looked = (count: number) => {
      tally.looked += count;
      onProgress(tally, 'comparing with the ledger');
    };
    await this.#doubtFound(await auditAgainstLedger(db, module, looked));
    // What decides over results is put right first: they would be called wrong for want of it.
    await this.mend();
    this.#leavesResults = false;
    const results = await auditSettled(db, module);
    // Looked at before, without its results.
    for (const { collection, key } of results) this.#seen.delete(touchOf(collection, key));
    await this.#doubtFound(results);
    const orphans = await markedOrphans(db, module, MARKED_AT_ONCE);
    await this.#look(orphans);
    return null;
  }

  async #doubtFound(findings: readonly Finding[]): Promise<void> {
    for (const { collection, key } of findings) {
      const model = this.module.models.find((one) => one.collection === collection);
      if (model) await this.#doubt([{ model, key, reading: null }]);
    }
  }

  /** What was touched or is suspect, and a share of the rest. */
  async changes(): Promise<RotationPlace | null> {
    const { db } = this.dependencies;
    const { sinceSlot, suspects, rotation, share } = this.plan;
    const named: KeysByModel = new Map();
    for (const touch of suspects) addTouch(named, this.module, touch);
    const turn = await nextInRotation(db, this.module, rotation, share);
    const touched = await touchedSince(db, this.module, sinceSlot);
    await this.#look(together(touched, named, await markedOrphans(db, this.module, MARKED_AT_ONCE), turn.keys));
    return turn.next;
  }

  /** The addresses of all accounts of a type; null where the endpoints list none. */
  async #list(type: string): Promise<ReadonlySet<string> | null> {
    const discriminator = this.codec.accountDiscriminator(type);
    if (!discriminator) return new Set();
    const { keys, refusal } = await listAccounts(this.dependencies.chain, this.codec.programId, discriminator);
    if (keys === null) {
      this.tally.note(
        `accounts of ${type} cannot be listed (${refusal}): those nobody ever heard of were not looked for`,
      );
    }
    return keys;
  }

  async #readListed(type: string, keys: ReadonlySet<string> | null): Promise<void> {
    const { chain, onProgress } = this.dependencies;
    const discriminator = this.codec.accountDiscriminator(type);
    if (!discriminator || keys === null) return;
    for await (const page of readListed(chain, this.codec.programId, discriminator, keys)) {
      await this.#doubt(await this.#compare(page));
      onProgress(this.tally, `accounts of ${type}`);
    }
  }

  /** Documents whose accounts no list has: read by address, which is the first of two looks. */
  async #unlisted(listed: ReadonlyMap<string, ReadonlySet<string> | null>): Promise<void> {
    const found: (UnlistedDocuments & { readonly model: StateModel })[] = [];
    for (const model of this.#mirrored.keys()) found.push({ model, ...(await this.#unlistedOf(model, listed)) });
    for (const { documents } of found) this.tally.add('documents', documents);
    const believed = this.#believed(found.map(({ keys, ...one }) => ({ ...one, absent: keys.length })));
    for (const { model, keys } of found) {
      if (believed.has(model)) await this.#doubt(await this.#byAddress(model, keys));
    }
  }

  /** The models whose documents without accounts are looked into: where nobody looks, not those that lack most of them. */
  #believed(found: readonly Absence[]): Set<StateModel> {
    const isMassive = isMassAbsence(sum(found.map(({ absent }) => absent)), sum(found.map((one) => one.documents)));
    const believed = new Set<StateModel>();
    for (const { model, absent, documents } of found) {
      if (!this.plan.mayMarkMany && absent > 0 && (isMassive || isMassAbsence(absent, documents))) {
        this.tally.note(
          `${absent} of ${documents} documents of ${model.collection} have no account: an endpoint that lacks most of ` +
            'them is likelier to be wrong than they are, so none was marked. `npm run reconcile-all` marks them',
        );
      } else believed.add(model);
    }
    return believed;
  }

  async #unlistedOf(
    model: StateModel,
    listed: ReadonlyMap<string, ReadonlySet<string> | null>,
  ): Promise<UnlistedDocuments> {
    const keyField = keyFieldOf(model);
    const isListed = (key: string) => [...listed.values()].some((keys) => keys?.has(key));
    const keys: string[] = [];
    let documents = 0;
    const cursor = this.dependencies.db
      .collection(model.collection)
      .find(THAT_COUNT, { projection: { _id: 0, [keyField]: 1 } })
      .batchSize(KEYS_PER_READ);
    for await (const document of cursor) {
      documents += 1;
      const key: unknown = document[keyField];
      if (typeof key === 'string' && !isListed(key)) keys.push(key);
    }
    return { keys, documents };
  }

  /** Compares named documents with their accounts where the chain has them, and with the ledger where not. */
  async #look(keys: KeysByModel): Promise<void> {
    const { db } = this.dependencies;
    const found: (Absence & { readonly doubts: readonly Doubt[] })[] = [];
    this.tally.total ??= sum([...keys.values()].map((of) => of.size));
    for (const [model, of] of keys) {
      this.tally.add('documents', of.size);
      if (model.kind === 'state' && this.#mirrored.has(model)) {
        const doubts = await this.#byAddress(model, [...of]);
        found.push({ model, doubts, absent: doubts.length, documents: of.size });
        if (!this.module.settle.some(({ into }) => into === model)) continue;
      }
      await this.#doubt(await compareWithRecords(db, this.module, model, [...of]));
    }
    const believed = this.#believed(found);
    for (const { model, doubts } of found) if (believed.has(model)) await this.#doubt(doubts);
  }

  /** Doubts what is otherwise than its account. Returns those that have none, for somebody to see how many they are. */
  async #byAddress(model: StateModel, keys: readonly string[]): Promise<Doubt[]> {
    const absent: Doubt[] = [];
    for await (const page of readByAddress(this.dependencies.chain, keys.filter(isAddress))) {
      const doubts = await this.#compare(page, model);
      absent.push(...doubts.filter(({ reading }) => reading?.info === null));
      await this.#doubt(doubts.filter(({ reading }) => reading?.info !== null));
    }
    // What is no address is no account's: nothing on chain can be asked about it.
    const strangers = keys.filter((key) => !isAddress(key));
    await this.#doubt(await compareWithRecords(this.dependencies.db, this.module, model, strangers));
    return absent;
  }

  async #compare(page: AccountPage, only?: StateModel): Promise<Doubt[]> {
    this.tally.readAt(page.slot);
    this.tally.looked += page.accounts.size;
    this.tally.add('accounts', [...page.accounts.values()].filter((account) => account !== null).length);
    const { doubts, unreadable } = await compareAccounts(this.dependencies.db, this.module, this.codec, page, only);
    this.#firstUnreadable ??= unreadable[0];
    if (this.#firstUnreadable !== undefined) {
      this.tally.note(
        `accounts of ${this.module.name} cannot be read (the first was ${this.#firstUnreadable}), and their documents were ` +
          "not compared: their IDL or their handler is another one's. `npm run doctor` says more",
      );
    }
    return [...doubts];
  }

  async #doubt(doubts: readonly Doubt[]): Promise<void> {
    for (const doubt of doubts) {
      const name = touchOf(doubt.model.collection, doubt.key);
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      this.#doubts.push(doubt);
    }
    if (this.#doubts.length >= DOUBTS_AT_ONCE) await this.mend();
  }

  /** Judges what is in doubt, has it put right, and looks whether it is. */
  async mend(): Promise<void> {
    const { dependencies, module, codec, tally } = this;
    const doubts = this.#doubts;
    this.#doubts = [];
    if (doubts.length === 0) return;
    dependencies.onProgress(tally, `judging ${doubts.length} documents`);
    const judging = { ...dependencies, leavesResults: this.#leavesResults };
    const { judged, unsettled } = await judgeDoubts(judging, module, codec, this.#mirrored, doubts);
    tally.add('unsettled', unsettled.length);
    this.#keepSuspects(unsettled);
    for (const one of judged) tally.found(one);
    const { run } = this.plan;
    const applied = await applyRemedies(
      { ...dependencies, run, mayMarkFacts: this.#isHistoryWhole },
      module,
      codec,
      judged,
    );
    tally.add('marked', applied.marked.length);
    this.#keepSuspects(applied.unconfirmed);
    await this.#verify(applied.asked);
  }

  async #verify(asked: readonly Judged[]): Promise<void> {
    if (asked.length === 0) return;
    const { dependencies, module, codec, tally } = this;
    dependencies.onProgress(tally, `waiting for ${asked.length} documents to be put right`);
    const slot = asked.reduce((newest, { reading }) => Math.max(newest, reading?.slot ?? 0), 0);
    await awaitRepairs(dependencies, module.name, slot, REPAIR_PATIENCE_MS);
    const judging = { ...dependencies, leavesResults: this.#leavesResults, patienceMs: 0 };
    const again = await judgeDoubts(judging, module, codec, this.#mirrored, asked);
    const left = [...again.judged.filter(({ difference }) => difference !== null), ...again.unsettled];
    tally.add('left', left.length);
    if (left.length > 0) for (const why of await readRefusals(dependencies.db, module.name)) tally.note(why);
    tally.add('repaired', asked.length - left.length);
    this.#keepSuspects(left);
  }

  #keepSuspects(doubts: readonly Doubt[]): void {
    for (const { model, key } of doubts) {
      if (key.length <= LONGEST_KEY) this.suspects.push(touchOf(model.collection, key));
    }
  }
}

/** How many of a collection's documents that were looked at have no account. */
interface Absence {
  readonly model: StateModel;
  readonly absent: number;
  readonly documents: number;
}

/** How many documents of a collection count, and the keys of those whose accounts were not listed. */
interface UnlistedDocuments {
  readonly keys: readonly string[];
  readonly documents: number;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
