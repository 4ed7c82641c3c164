import type { mongo } from 'mongoose';
import type { ProgramCodec } from '../decoding/types.js';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { FactModel, Model, StateModel } from '../domain-kit/model.js';
import { fromStored } from '../lib/stored-value.js';
import { touchOf } from '../ledger/ledger-record.js';
import { foldSteps, type Step } from '../pipeline/fold.js';
import type { HandledWrites } from '../pipeline/project.js';
import { stepOf } from '../pipeline/run-handler.js';
import { readAppliedPage, readPageAnew } from './replay-reading.js';

/** Records and documents read at once. */
const PAGE = 1_000;
/** Differences shown by their words. */
const EXAMPLES = 20;

type Fields = Readonly<Record<string, FieldValue | undefined>>;

/** What a replay would do to one collection. */
export interface RehearsedCollection {
  readonly collection: string;
  readonly change: number;
  readonly create: number;
  readonly remove: number;
  readonly same: number;
}

/** What a replay would do. Results across documents are not computed: they follow from the documents. */
export interface Rehearsal {
  readonly differing: number;
  /** Records whose handler fails now. */
  readonly failing: number;
  readonly collections: readonly RehearsedCollection[];
  /** The first few differences in words. */
  readonly examples: readonly string[];
}

/** A state document as the handlers of today make it, so far. */
interface Folding {
  set: Record<string, FieldValue>;
  closed: boolean;
  /** Touched since the slot of the replay. */
  inScope: boolean;
  /** Steps of the slot being read: only when the next slot begins are they all there, and can be put in order. */
  steps: Step[];
}

/**
 * Folds the whole ledger by the handlers of today and compares, without writing. It keeps every document of the program
 * in memory (about 1 KB each). Under live traffic what comes meanwhile may be counted as a difference. `onRead` is told
 * of so many more records that were read.
 */
export async function rehearseReplay(
  db: mongo.Db,
  module: DomainModule,
  codec: ProgramCodec,
  fromSlot: number | null,
  onRead: (records: number) => void = () => undefined,
): Promise<Rehearsal> {
  const tally = new Tally(module);
  const states = new Map<string, Folding>();
  let failing = 0;
  let cursor: readonly (string | number)[] | null = null;
  for (;;) {
    const page = await readAppliedPage(db, { program: module.name, fromSlot: null, cursor }, PAGE);
    const last = page.at(-1);
    if (!last) break;
    cursor = [last.slot, last._id];
    onRead(page.length);
    const read = readPageAnew(module, codec, page);
    failing += read.failing.length;
    for (const handled of read.handled) addSteps(states, handled, fromSlot);
    // What a failing record, or an older handler, touched changes as well.
    for (const { touches, slot } of page) {
      if (fromSlot === null || slot >= fromSlot) for (const touch of touches) foldingOf(states, touch).inScope = true;
    }
    const inScope = fromSlot === null ? page : page.filter(({ slot }) => slot >= fromSlot);
    const ids = inScope.map(({ _id }) => _id);
    for (const model of module.models) {
      if (model.kind === 'fact') await compareFacts(db, model, ids, read.handled, tally);
    }
  }
  for (const folding of states.values()) flush(folding);
  for (const model of module.models)
    if (model.kind === 'state') await compareStates(db, model, states, fromSlot, tally);
  return { ...tally.result(), failing };
}

function foldingOf(states: Map<string, Folding>, touch: string): Folding {
  const folding = states.get(touch) ?? { set: {}, closed: true, inScope: false, steps: [] };
  states.set(touch, folding);
  return folding;
}

function addSteps(states: Map<string, Folding>, { record, writes }: HandledWrites, fromSlot: number | null): void {
  for (const write of writes) {
    if (write.kind === 'fact') continue;
    const folding = foldingOf(states, touchOf(write.model.collection, write.key));
    const step = stepOf(record, write);
    const [waiting] = folding.steps;
    if (waiting && waiting.at.split('.')[0] !== step.at.split('.')[0]) flush(folding);
    folding.steps.push(step);
    if (fromSlot === null || record.slot >= fromSlot) folding.inScope = true;
  }
}

function flush(folding: Folding): void {
  const change = foldSteps(folding.steps, 'document');
  folding.steps = [];
  if (!change) return;
  folding.set = change.reset ? { ...change.set } : { ...folding.set, ...change.set };
  folding.closed = change.closed;
}

async function compareStates(
  db: mongo.Db,
  model: StateModel,
  states: ReadonlyMap<string, Folding>,
  fromSlot: number | null,
  tally: Tally,
): Promise<void> {
  const prefix = touchOf(model.collection, '');
  const seen = new Set<string>();
  const standing = db
    .collection(model.collection)
    .find({ '_mooring.at': { $exists: true }, '_mooring.closed': { $ne: true } })
    .batchSize(PAGE);
  for await (const document of standing) {
    const key = String(document[model.keyField]);
    seen.add(key);
    const folding = states.get(prefix + key);
    if (folding ? !folding.inScope : fromSlot !== null) continue;
    tally.compare(model, key, folding && !folding.closed ? folding.set : null, fieldsOf(model, document));
  }
  for (const [touch, { set, closed, inScope }] of states) {
    if (!touch.startsWith(prefix) || closed || !inScope || seen.has(touch.slice(prefix.length))) continue;
    tally.compare(model, touch.slice(prefix.length), set, null);
  }
}

async function compareFacts(
  db: mongo.Db,
  model: FactModel,
  ids: readonly string[],
  handled: readonly HandledWrites[],
  tally: Tally,
): Promise<void> {
  const wanted = new Map<string, Fields>();
  for (const write of handled.flatMap(({ writes }) => writes)) {
    if (write.kind === 'fact' && write.model.collection === model.collection) wanted.set(write.key, write.fields);
  }
  const stored = await db
    .collection<{ _id: string }>(model.collection)
    .find({ _id: { $in: [...ids] } })
    .toArray();
  const standing = new Map(stored.map((document) => [document._id, fieldsOf(model, document)]));
  for (const id of ids) {
    const [after, before] = [wanted.get(id) ?? null, standing.get(id) ?? null];
    if (after ?? before) tally.compare(model, id, after, before);
  }
}

function fieldsOf(model: Model, document: mongo.Document): Fields {
  return Object.fromEntries(
    Object.keys(model.fields).map((name) => [name, fromStored(document[name]) as FieldValue | undefined]),
  );
}

/** Counts differences, and keeps the first few in words. */
class Tally {
  readonly #counts: Map<string, { change: number; create: number; remove: number; same: number }>;
  readonly #examples: string[] = [];

  constructor(module: DomainModule) {
    this.#counts = new Map(
      module.models.map(({ collection }) => [collection, { change: 0, create: 0, remove: 0, same: 0 }]),
    );
  }

  compare(model: Model, key: string, after: Fields | null, before: Fields | null): void {
    const counts = this.#counts.get(model.collection);
    if (!counts) return;
    const differences = after && before ? diffFields(Object.keys(model.fields), after, before) : [];
    const what = !before ? 'create' : !after ? 'remove' : differences.length > 0 ? 'change' : 'same';
    counts[what] += 1;
    if (what === 'same' || this.#examples.length >= EXAMPLES) return;
    const fields = differences.map(({ field, actual, expected }) => `${field}: ${shown(actual)} → ${shown(expected)}`);
    this.#examples.push(`${what} ${model.collection} ${key} ${fields.join(', ')}`.trim());
  }

  result(): Omit<Rehearsal, 'failing'> {
    const collections = [...this.#counts].map(([collection, counts]) => ({ collection, ...counts }));
    const differing = collections.reduce((sum, { change, create, remove }) => sum + change + create + remove, 0);
    return { differing, collections, examples: this.#examples };
  }
}

function shown(value: FieldValue | undefined): string {
  if (value === undefined) return 'nothing';
  return value instanceof Date ? value.toISOString() : String(value);
}
