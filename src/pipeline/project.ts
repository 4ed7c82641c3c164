import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { StateModel } from '../domain-kit/model.js';
import type { Settle, SettledDocument, SettleQuery } from '../domain-kit/settle.js';
import type { Write } from '../domain-kit/writes.js';
import { MooringError } from '../lib/errors.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { areAllNewer, foldSteps, type DocumentChange, type Step } from './fold.js';
import type { ProjectionTransaction, StandingDocument } from './projection-transaction.js';
import { runHandler, stepOf } from './run-handler.js';

/** A record with what its handler made of it. */
export interface HandledWrites {
  readonly record: LedgerRecord;
  readonly writes: readonly Write[];
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
 * `refold` names touched documents whose history is the same but stands in another order.
 */
export async function project(
  tx: ProjectionTransaction,
  module: DomainModule,
  add: readonly HandledWrites[],
  remove: readonly LedgerRecord[],
  refold: readonly string[] = [],
): Promise<void> {
  const settle = new SettleKeys(module);
  const targets = collectTargets(module, add, [...remove.flatMap(({ touches }) => touches), ...refold]);
  const standing = await readStanding(tx, module, targets);
  await addHistories(tx, module, targets, add, remove);

  for (const [model, group] of groupByModel(targets.values())) {
    const changes = new Map<string, DocumentChange | null>();
    for (const target of group) {
      const before = standing.get(touchOf(model.collection, target.key));
      const change = foldSteps(target.steps, target.refold ? 'nothing' : 'document');
      changes.set(target.key, change);
      settle.noteState(model, target.key, before, change);
    }
    await tx.changeStates(model, changes);
  }
  await projectFacts(tx, module, add, remove, settle);
  await settle.run(tx);
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
    if (!model) {
      throw new MooringError('unknown-collection', `The ledger names ${touch}, but ${module.name} has no such model.`);
    }
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
  for (const record of await tx.history(refolded)) {
    if (inHand.has(record._id)) continue;
    const outcome = runHandler(module, record);
    if (!outcome.ok) {
      throw new MooringError(
        'handler-changed',
        `The handler of ${record.name} fails for ${record._id}, which it had applied before: ${outcome.error}`,
      );
    }
    for (const write of outcome.writes) {
      if (write.kind === 'fact') continue;
      const target = targets.get(touchOf(write.model.collection, write.key));
      if (target?.refold) target.steps.push(stepOf(record, write));
    }
  }
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

  constructor(readonly module: DomainModule) {}

  noteState(model: StateModel, key: string, before: StandingDocument | undefined, change: DocumentChange | null): void {
    const existed = before !== undefined && !before.closed;
    const exists = change !== null && !change.closed;
    if (existed) this.note(model.collection, before.fields);
    if (exists) this.note(model.collection, change.reset ? change.set : { ...before?.fields, ...change.set });
    if (existed || !exists) return;
    // A result's document that has just come into being has no result yet.
    for (const step of this.module.settle) {
      if (step.into.collection === model.collection) this.#add(step, key);
    }
  }

  note(collection: string, document: SettledDocument): void {
    for (const step of this.module.settle) {
      if (step.watch.collection !== collection) continue;
      const key = step.key(document) as string | null | undefined;
      if (key !== null && key !== undefined) this.#add(step, key);
    }
  }

  /**
   * Two transactions that both ask first would both find themselves the best. They cannot both commit: each ends with
   * touching its program's lease.
   */
  async run(tx: ProjectionTransaction): Promise<void> {
    for (const [step, keys] of this.#keys) {
      const standing = await tx.results(step.into, [...keys]);
      if (standing.size === 0) continue;
      const answers = await tx.answers(
        step.watch,
        new Map([...standing.keys()].map((key): [string, SettleQuery] => [key, step.query(key)])),
      );
      const results = new Map<string, SettledDocument>();
      for (const [key, before] of standing) {
        const result = step.compute(answers.get(key) ?? [], key);
        // Lists and dates count as changed: writing them again costs little.
        if (Object.entries(result).some(([name, value]) => before[name] !== value)) results.set(key, result);
      }
      await tx.setResults(step.into, results);
    }
  }

  #add(step: Settle, key: string): void {
    const keys = this.#keys.get(step) ?? new Set<string>();
    keys.add(key);
    this.#keys.set(step, keys);
  }
}

function stateModels(module: DomainModule): StateModel[] {
  return module.models.filter((model): model is StateModel => model.kind === 'state');
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
