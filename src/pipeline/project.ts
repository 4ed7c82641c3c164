import { stateModels, type DomainModule } from '../domain-kit/domain-module.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { StateModel } from '../domain-kit/model.js';
import type { Settle, SettledDocument, SettleQuery } from '../domain-kit/settle.js';
import type { Write } from '../domain-kit/writes.js';
import { MooringError } from '../lib/errors.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { areAllNewer, foldSteps, type DocumentChange, type Step } from './fold.js';
import type { ProjectionTransaction, StandingDocument, StandingResult } from './projection-transaction.js';
import { runHandler, stepOf } from './run-handler.js';

/** A record with what its handler made of it. */
export interface HandledWrites {
  readonly record: LedgerRecord;
  readonly writes: readonly Write[];
}

/** Applied records that the handlers of today refuse: another version of the module took them. */
export class HandlerChangedError extends MooringError {
  override readonly name = 'HandlerChangedError';
  constructor(readonly failing: readonly { readonly record: LedgerRecord; readonly error: string }[]) {
    const [first] = failing;
    super(
      'handler-changed',
      `The handler of ${first?.record.name} fails for ${first?.record._id}, which was applied before: ${first?.error}`,
    );
  }
}

/** One state document that a batch changes. */
interface Target {
  readonly model: StateModel;
  readonly key: string;
  readonly steps: Step[];
  /** Something was taken out of its history, or a record comes late: only the whole fold tells what it must be. */
  refold: boolean;
}

/**
 * Brings the documents from "the fold of what was applied" to "the fold of that plus `add` minus `remove`", inside one
 * transaction (I2, I6). Live ingest, late arrival, rollback, re-landing and dead-letter retry are all this step.
 * `refold` names documents to be folded from the start although nothing enters or leaves their history: it stands in
 * another order, or they are not what it says. `again`: what is written once more although nothing changed. Returns the
 * results that became something else in documents whose results clients are told of.
 * @throws HandlerChangedError when the history cannot be folded any more; those records have to leave it first.
 */
export async function project(
  tx: ProjectionTransaction,
  module: DomainModule,
  add: readonly HandledWrites[],
  remove: readonly LedgerRecord[],
  refold: readonly string[] = [],
  again: WriteAgain = NOTHING_AGAIN,
): Promise<readonly ChangedResult[]> {
  const settle = new SettleKeys(module);
  for (const [step, keys] of again.results) for (const key of keys) settle.ask(step, key);
  const targets = collectTargets(module, add, [...remove.flatMap(({ touches }) => touches), ...refold]);
  const standing = await readStanding(tx, module, targets);
  await addHistories(tx, module, targets, add, remove);

  const late = lateModels(module);
  const pending = new Map<StateModel, Map<string, DocumentChange | null>>();
  for (const [model, group] of groupByModel(targets.values())) {
    const changes = new Map<string, DocumentChange | null>();
    for (const target of group) {
      const before = standing.get(touchOf(model.collection, target.key));
      const change = foldSteps(target.steps, target.refold ? 'nothing' : 'document');
      changes.set(target.key, change);
      settle.noteState(model, target.key, before, change);
    }
    if (late.has(model)) pending.set(model, changes);
    else await tx.changeStates(model, changes, NO_RESULTS);
  }
  await projectFacts(tx, module, [...add, ...again.facts], remove, settle);
  const results = await settle.run(tx, pending);
  for (const [model, changes] of pending) await tx.changeStates(model, changes, results.get(model) ?? NO_RESULTS);
  return settle.changed;
}

/** A document whose results became something else. */
export interface ChangedResult {
  readonly model: StateModel;
  readonly key: string;
  /** Its results until now. */
  readonly before: SettledDocument;
  /** Its fields and results from now on. */
  readonly after: SettledDocument;
}

/** What is not as it should be, though the ledger is. */
export interface WriteAgain {
  /** Applied records whose facts are written once more; their documents stay as they are. */
  readonly facts: readonly HandledWrites[];
  /** Results to be computed anew: keys by step. */
  readonly results: ReadonlyMap<Settle, readonly string[]>;
}

/** Nothing to be written once more. */
export const NOTHING_AGAIN: WriteAgain = { facts: [], results: new Map() };

const NO_RESULTS: ReadonlyMap<string, SettledDocument> = new Map();

/**
 * Models that results go into and that nobody asks about: written last, their results with them. Where clients are told of
 * results it has to be known what they were.
 */
function lateModels(module: DomainModule): Set<StateModel> {
  const watched = new Set(module.settle.map(({ watch }) => watch.collection));
  for (const { model } of module.push?.documents ?? []) watched.add(model.collection);
  for (const { into, readsTarget } of module.settle) if (readsTarget) watched.add(into.collection);
  return new Set(module.settle.map(({ into }) => into).filter(({ collection }) => !watched.has(collection)));
}

function collectTargets(
  module: DomainModule,
  add: readonly HandledWrites[],
  refold: readonly string[],
): Map<string, Target> {
  const targets = new Map<string, Target>();
  const targetOf = (model: StateModel, key: string): Target => {
    const touch = touchOf(model.collection, key);
    const target = targets.get(touch) ?? { model, key, steps: [], refold: false };
    targets.set(touch, target);
    return target;
  };
  for (const { record, writes } of add) {
    for (const write of writes) {
      if (write.kind === 'fact') continue;
      targetOf(write.model, write.key).steps.push(stepOf(record, write));
    }
  }
  const models = new Map(stateModels(module).map((model) => [model.collection, model]));
  for (const touch of refold) {
    const split = touch.indexOf(':');
    const model = models.get(touch.slice(0, split));
    // Touched by an older version of the module, which had that collection: nothing of it is ours to write any more.
    if (!model) continue;
    targetOf(model, touch.slice(split + 1)).refold = true;
  }
  return targets;
}

async function readStanding(
  tx: ProjectionTransaction,
  module: DomainModule,
  targets: ReadonlyMap<string, Target>,
): Promise<Map<string, StandingDocument>> {
  const standing = new Map<string, StandingDocument>();
  for (const [model, group] of groupByModel(targets.values())) {
    const watched = module.settle.some((step) => step.watch.collection === model.collection);
    const found = await tx.standing(
      model,
      group.map(({ key }) => key),
      watched,
    );
    for (const [key, document] of found) standing.set(touchOf(model.collection, key), document);
    for (const target of group) {
      const before = found.get(target.key);
      // No document: a new account, or one whose document somebody deleted, or whose tombstone is gone. The history tells.
      if (!before || before.at === null || !areAllNewer(target.steps, before.at)) target.refold = true;
    }
  }
  return standing;
}

/** Completes the steps of every document that must be folded from the start. */
async function addHistories(
  tx: ProjectionTransaction,
  module: DomainModule,
  targets: ReadonlyMap<string, Target>,
  add: readonly HandledWrites[],
  remove: readonly LedgerRecord[],
): Promise<void> {
  const refolded = [...targets].filter(([, target]) => target.refold).map(([touch]) => touch);
  if (refolded.length === 0) return;
  const inHand = new Set([...add.map(({ record }) => record._id), ...remove.map((record) => record._id)]);
  const failing: { record: LedgerRecord; error: string }[] = [];
  for (const record of await tx.history(refolded)) {
    if (inHand.has(record._id)) continue;
    const outcome = runHandler(module, record);
    if (!outcome.ok) {
      failing.push({ record, error: outcome.error });
      continue;
    }
    for (const write of outcome.writes) {
      if (write.kind === 'fact') continue;
      const target = targets.get(touchOf(write.model.collection, write.key));
      if (target?.refold) target.steps.push(stepOf(record, write));
    }
  }
  if (failing.length > 0) throw new HandlerChangedError(failing);
}

async function projectFacts(
  tx: ProjectionTransaction,
  module: DomainModule,
  add: readonly HandledWrites[],
  remove: readonly LedgerRecord[],
  settle: SettleKeys,
): Promise<void> {
  const removedIds = remove.map((record) => record._id);
  for (const model of module.models) {
    if (model.kind !== 'fact') continue;
    if (removedIds.length > 0) {
      for (const document of (await tx.facts(model, removedIds)).values()) settle.note(model.collection, document);
      await tx.deleteFacts(model, removedIds);
    }
    const facts = new Map<string, Readonly<Record<string, FieldValue>>>();
    for (const write of add.flatMap(({ writes }) => writes)) {
      if (write.kind !== 'fact' || write.model.collection !== model.collection) continue;
      facts.set(write.key, write.fields);
      settle.note(model.collection, write.fields);
    }
    if (facts.size > 0) await tx.putFacts(model, facts);
  }
}

/** Collects whose results a batch may have changed, and recomputes them after all writes. */
class SettleKeys {
  readonly #keys = new Map<Settle, Set<string>>();
  readonly #changed = new Map<string, ChangedResult>();

  constructor(readonly module: DomainModule) {}

  /** Results of standing documents that became something else, each document once. */
  get changed(): ChangedResult[] {
    return [...this.#changed.values()];
  }

  noteState(model: StateModel, key: string, before: StandingDocument | undefined, change: DocumentChange | null): void {
    // A document people brought along has no result of ours yet.
    const existed = before !== undefined && before.at !== null && !before.closed;
    if (existed) this.note(model.collection, before.fields);
    if (exists(change)) this.note(model.collection, change.reset ? change.set : { ...before?.fields, ...change.set });
    if (!exists(change)) return;
    for (const step of this.module.settle) {
      // A result's document that has just come into being has no result yet.
      if (step.into.collection === model.collection && (step.readsTarget || !existed)) this.ask(step, key);
    }
  }

  note(collection: string, document: SettledDocument): void {
    for (const step of this.module.settle) {
      if (step.watch.collection !== collection) continue;
      const key: unknown = step.key(document);
      // Whatever somebody wrote into the field it comes from.
      if (typeof key === 'string') this.ask(step, key);
    }
  }

  /**
   * Two transactions that both ask first would both find themselves the best. They cannot both commit: each ends with
   * touching its program's lease. Returns the results of documents that are about to be written; others are written here.
   */
  async run(
    tx: ProjectionTransaction,
    pending: ReadonlyMap<StateModel, ReadonlyMap<string, DocumentChange | null>>,
  ): Promise<Map<StateModel, Map<string, SettledDocument>>> {
    const withChanges = new Map<StateModel, Map<string, SettledDocument>>();
    for (const step of this.module.settle) {
      const keys = this.#keys.get(step);
      if (!keys) continue;
      const { into } = step;
      const changes = pending.get(into);
      const changing = [...keys].filter((key) => exists(changes?.get(key)));
      const standing = await tx.results(
        into,
        [...keys].filter((key) => !changes?.has(key)),
      );
      const open = [...changing, ...standing.keys()];
      if (open.length === 0) continue;
      const answers = await tx.answers(
        step.watch,
        new Map(open.map((key): [string, SettleQuery] => [key, step.query(key)])),
      );
      const ofChanging = withChanges.get(into) ?? new Map<string, SettledDocument>();
      const ofOthers = new Map<string, SettledDocument>();
      for (const key of open) {
        const before = standing.get(key);
        const result = step.compute(answers.get(key) ?? [], key, before?.fields ?? {});
        if (!before) ofChanging.set(key, { ...ofChanging.get(key), ...result });
        else if (isChanged(before.results, result)) {
          ofOthers.set(key, result);
          this.#noteChange(into, key, before, result);
          this.note(into.collection, { ...before.fields, ...before.results });
          this.note(into.collection, { ...before.fields, ...before.results, ...result });
        }
      }
      withChanges.set(into, ofChanging);
      await tx.setResults(into, ofOthers);
    }
    return withChanges;
  }

  #noteChange(model: StateModel, key: string, before: StandingResult, result: SettledDocument): void {
    const touch = touchOf(model.collection, key);
    // An earlier step may have written into the same document.
    const first = this.#changed.get(touch)?.before ?? before.results;
    this.#changed.set(touch, { model, key, before: first, after: { ...before.fields, ...before.results, ...result } });
  }

  ask(step: Settle, key: string): void {
    const keys = this.#keys.get(step) ?? new Set<string>();
    keys.add(key);
    this.#keys.set(step, keys);
  }
}

/** Whether a result is another one than what stands there. Lists and dates count as changed: writing them again costs little. */
export function isChanged(before: SettledDocument, result: SettledDocument): boolean {
  return Object.entries(result).some(([name, value]) => before[name] !== value);
}

/** Is there an open document after this change? */
function exists(change: DocumentChange | null | undefined): change is DocumentChange {
  return change !== null && change !== undefined && !change.closed;
}

function groupByModel(targets: Iterable<Target>): Map<StateModel, Target[]> {
  const groups = new Map<StateModel, Target[]>();
  for (const target of targets) {
    const group = groups.get(target.model) ?? [];
    group.push(target);
    groups.set(target.model, group);
  }
  return groups;
}
