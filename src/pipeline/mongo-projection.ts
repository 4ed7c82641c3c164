import type { mongo } from 'mongoose';
import { hasRoomForMark, isOrphaned, isWritten, keyFieldOf, markOf } from '../domain-kit/document-mark.js';
import type { Fields } from '../domain-kit/field.js';
import type { FactModel, Model, StateModel } from '../domain-kit/model.js';
import { ANSWER_KEY, type Answer, type SettledDocument, type SettleQuery } from '../domain-kit/settle.js';
import { fromStored, toStored } from '../lib/stored-value.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import type { DocumentChange } from './fold.js';
import type { ProjectionTransaction, StandingDocument, StandingResult } from './projection-transaction.js';
import { combineQuestions, shareOut, type CombinedQuestion } from './settle-questions.js';

type Stored = { _id: string } & mongo.Document;

/** Orphans decide nothing; tombstones have no fields that a question could find. */
const NO_ORPHANS = { '_mooring.orphaned': null } as const;
/** Of several documents with one address one is the account's; reconcile marks the others. */
const NO_DUPLICATES = { '_mooring.orphaned.reason': { $ne: 'duplicate' } } as const;
const UNMARKED = { _mooring: '' } as const;

/** Documents read at most to answer several settle questions with one query. */
const TOGETHER_AT_MOST = 1_000;

/**
 * Projection writes as plain `$set` and `$unset` of owned fields: no pipeline updates, which would evaluate text that
 * users wrote ("$5 off" vanishes, TRAPS 24), and no whole-document replacement, which would take away fields that
 * belong to somebody else.
 */
export class MongoProjection implements ProjectionTransaction {
  /**
   * By collection: which keys this transaction saw a document of. An insert costs half of what an upsert costs, and what
   * is known to be there needs neither an upsert nor a mark taken away.
   */
  readonly #seen = new Map<string, Map<string, 'absent' | Presence>>();
  /** By collection and key: the `_id` of the document that was seen, for others may have the same address. */
  readonly #chosen = new Map<string, Map<string, string>>();

  constructor(
    readonly db: mongo.Db,
    readonly session: mongo.ClientSession,
  ) {}

  async standing(
    model: StateModel,
    keys: readonly string[],
    withFields: boolean,
  ): Promise<Map<string, StandingDocument>> {
    const documents = await this.#collection(model)
      .find(
        { [model.keyField]: { $in: [...keys] } },
        {
          session: this.session,
          batchSize: keys.length + 1,
          projection: {
            [model.keyField]: 1,
            _mooring: 1,
            ...(withFields ? projectionOf(shownBy(model)) : {}),
          },
        },
      )
      .toArray();
    // An array that holds the address is found too, and is nobody's. Of several with one address the last one counts here:
    // the one that mooring has written to, or else the oldest; one that is marked as a duplicate only where it is alone.
    const ours = documents.filter((document) => typeof document[model.keyField] === 'string');
    ours.reverse().sort((one, other) => rankOf(one) - rankOf(other));
    const keyOf = (document: Stored) => String(document[model.keyField]);
    const found = new Map(
      ours.map((document): [string, StandingDocument] => {
        const { at, closed } = markOf(document);
        const fields = withFields ? pick(document, shownBy(model)) : {};
        return [keyOf(document), { at: typeof at === 'string' ? at : null, closed: closed === true, fields }];
      }),
    );
    const seen = new Map(keys.map((key): [string, 'absent' | Presence] => [key, 'absent']));
    for (const document of ours) seen.set(keyOf(document), presenceOf(document));
    this.#seen.set(model.collection, seen);
    this.#chosen.set(model.collection, new Map(ours.map((document) => [keyOf(document), document._id])));
    return found;
  }

  async facts(model: FactModel, ids: readonly string[]): Promise<Map<string, SettledDocument>> {
    const documents = await this.#collection(model)
      .find({ _id: { $in: [...ids] } }, { session: this.session })
      .toArray();
    return new Map(documents.map((document) => [document._id, pick(document, model.fields)]));
  }

  history(touches: readonly string[]): Promise<LedgerRecord[]> {
    return readTouching(this.db, touches, this.session);
  }

  async answers(model: Model, questions: ReadonlyMap<string, SettleQuery>): Promise<Map<string, readonly Answer[]>> {
    const combined = combineQuestions(questions);
    const shares = combined && (await this.#askTogether(model, combined));
    if (shares) return shares;
    const answers = new Map<string, readonly Answer[]>();
    for (const [key, question] of questions) answers.set(key, await this.#ask(model, question));
    return answers;
  }

  async changeStates(
    model: StateModel,
    changes: ReadonlyMap<string, DocumentChange | null>,
    results: ReadonlyMap<string, SettledDocument>,
  ): Promise<void> {
    const inserts: mongo.AnyBulkWriteOperation<Stored>[] = [];
    const operations: mongo.AnyBulkWriteOperation<Stored>[] = [];
    const seen = this.#seen.get(model.collection);
    const chosen = this.#chosen.get(model.collection);
    // What was seen holds until it is written.
    this.#seen.delete(model.collection);
    this.#chosen.delete(model.collection);
    for (const [key, unsettled] of changes) {
      const change = unsettled && { ...unsettled, set: { ...unsettled.set, ...results.get(key) } };
      const was = seen?.get(key);
      if (was === 'absent') {
        if (change) inserts.push({ insertOne: { document: newDocument(model, key, change) } });
        continue;
      }
      const one = chosen?.get(key);
      const named = one === undefined ? {} : { _id: one };
      const filter = { [model.keyField]: key, ...named } as mongo.Filter<Stored>;
      // Nothing can be set inside of what is no object.
      if (was === 'no-room') operations.push({ updateOne: { filter, update: { $unset: UNMARKED } } });
      if (!change) operations.push(...(await this.#removal(model, filter)));
      else if (was === 'open') operations.push({ updateOne: { filter, update: updateOf(model, change, false) } });
      else operations.push({ updateOne: { filter, update: updateOf(model, change, true), upsert: true } });
    }
    await this.#write(model, [...inserts, ...operations]);
  }

  async putFacts(model: FactModel, facts: ReadonlyMap<string, Readonly<Record<string, unknown>>>): Promise<void> {
    const present = await this.#collection(model)
      .find({ _id: { $in: [...facts.keys()] } }, { session: this.session, projection: { _id: 1 } })
      .toArray();
    const there = new Set(present.map(({ _id }) => _id));
    const inserts: mongo.AnyBulkWriteOperation<Stored>[] = [];
    const updates: mongo.AnyBulkWriteOperation<Stored>[] = [];
    for (const [_id, fields] of facts) {
      const stored = toStored(fields) as mongo.Document;
      // A fact that was taken for orphaned is one no more.
      if (there.has(_id)) updates.push({ updateOne: { filter: { _id }, update: { $set: stored, $unset: UNMARKED } } });
      else inserts.push({ insertOne: { document: { _id, ...stored } } });
    }
    await this.#write(model, [...inserts, ...updates]);
  }

  async deleteFacts(model: FactModel, ids: readonly string[]): Promise<void> {
    await this.#collection(model).deleteMany({ _id: { $in: [...ids] } }, { session: this.session });
  }

  async results(model: StateModel, keys: readonly string[]): Promise<Map<string, StandingResult>> {
    if (keys.length === 0) return new Map();
    const documents = await this.#collection(model)
      .find(
        {
          [model.keyField]: { $in: [...keys] },
          '_mooring.at': { $exists: true },
          '_mooring.closed': { $ne: true },
          ...(model.keyField === '_id' ? {} : NO_DUPLICATES),
        },
        {
          session: this.session,
          batchSize: keys.length + 1,
          projection: { [model.keyField]: 1, ...projectionOf(shownBy(model)) },
        },
      )
      .toArray();
    return new Map(
      documents.map((document) => [
        String(document[model.keyField]),
        { results: pick(document, model.settled), fields: pick(document, model.fields) },
      ]),
    );
  }

  async setResults(model: StateModel, results: ReadonlyMap<string, SettledDocument>): Promise<void> {
    const operations = [...results].map(([key, fields]): mongo.AnyBulkWriteOperation<Stored> => ({
      updateOne: {
        filter: { [model.keyField]: key, '_mooring.at': { $exists: true }, ...NO_DUPLICATES },
        update: { $set: toStored(fields) as mongo.Document },
      },
    }));
    await this.#write(model, operations);
  }

  async #ask(model: Model, { where, sort, limit }: SettleQuery): Promise<Answer[]> {
    const documents = await this.#collection(model)
      .find({ ...(toStored(where) as mongo.Filter<Stored>), ...NO_ORPHANS }, { session: this.session })
      .sort({ ...sort })
      .limit(limit)
      .toArray();
    return documents.map((document) => answerFrom(model, document));
  }

  /** Null when there is too much to read, or what was read cannot be shared out. */
  async #askTogether(model: Model, question: CombinedQuestion): Promise<Map<string, readonly Answer[]> | null> {
    const { where, field, keyOf, sort } = question;
    const documents = await this.#collection(model)
      .aggregate<Stored>(
        [
          {
            $match: {
              ...(toStored({ ...where, [field]: { $in: [...keyOf.keys()] } }) as mongo.Document),
              ...NO_ORPHANS,
            },
          },
          // Before the sort: questions that match very many documents are answered one by one, by their index.
          { $limit: TOGETHER_AT_MOST + 1 },
          { $sort: { ...sort } },
          { $project: { [keyFieldOf(model)]: 1, ...projectionOf(shownBy(model)) } },
        ],
        { session: this.session, batchSize: TOGETHER_AT_MOST + 2 },
      )
      .toArray();
    if (documents.length > TOGETHER_AT_MOST) return null;
    return shareOut(
      question,
      documents.map((document) => answerFrom(model, document)),
    );
  }

  /**
   * Inserts first, then the rest: one command for each kind. Ordered, because a refused write ends the transaction: going
   * on with the next command would answer with "no such transaction", which the driver takes for a reason to try again.
   */
  async #write(model: Model, operations: mongo.AnyBulkWriteOperation<Stored>[]): Promise<void> {
    if (operations.length === 0) return;
    await this.#collection(model).bulkWrite(operations, { ordered: true, session: this.session });
  }

  #collection(model: Model): mongo.Collection<Stored> {
    return this.db.collection<Stored>(model.collection);
  }

  /** Nothing is left of the account: the document goes, unless it holds fields that are not ours. */
  async #removal(model: StateModel, filter: mongo.Filter<Stored>): Promise<mongo.AnyBulkWriteOperation<Stored>[]> {
    const document = await this.#collection(model).findOne(filter, { session: this.session });
    if (!document) return [];
    // Mooring never wrote it: only the mark is ours to take away.
    if (!isWritten(document)) return [{ updateOne: { filter, update: { $unset: UNMARKED } } }];
    const ours = new Set([
      '_id',
      model.keyField,
      '_mooring',
      ...Object.keys(model.fields),
      ...Object.keys(model.settled),
    ]);
    if (Object.keys(document).every((name) => ours.has(name))) return [{ deleteOne: { filter } }];
    const settled = Object.fromEntries(Object.keys(model.settled).map((name) => [name, '' as const]));
    return [{ updateOne: { filter, update: { $unset: { ...unsetOf(model, {}), ...settled, _mooring: '' } } } }];
  }
}

/** How a document stands there, as far as writing to it depends on that. */
type Presence = 'marked' | 'no-room' | 'open';

function presenceOf(document: mongo.Document): Presence {
  if (!hasRoomForMark(document)) return 'no-room';
  return markOf(document).closed || isOrphaned(document) ? 'marked' : 'open';
}

/** Which of several documents of one address is the account's: the higher the likelier. */
function rankOf(document: mongo.Document): number {
  if (markOf(document).orphaned?.reason === 'duplicate') return 0;
  return isWritten(document) ? 2 : 1;
}

function newDocument(model: StateModel, key: string, { set, at, closed }: DocumentChange): mongo.OptionalId<Stored> {
  const meta = closed ? { at, closed } : { at };
  return { [model.keyField]: key, ...(toStored(set) as object), _mooring: meta } as unknown as mongo.OptionalId<Stored>;
}

function updateOf(model: StateModel, change: DocumentChange, mayBeMarked: boolean): mongo.UpdateFilter<Stored> {
  const set: Record<string, unknown> = { ...(toStored(change.set) as object), '_mooring.at': change.at };
  const unset: Record<string, ''> = change.reset ? unsetOf(model, change.set) : {};
  if (mayBeMarked) unset['_mooring.orphaned'] = '';
  if (change.closed) {
    set['_mooring.closed'] = true;
    for (const name of Object.keys(model.settled)) unset[name] = '';
  } else if (mayBeMarked) {
    unset['_mooring.closed'] = '';
  }
  return Object.keys(unset).length === 0 ? { $set: set } : { $set: set, $unset: unset };
}

function unsetOf(model: StateModel, kept: Readonly<Record<string, unknown>>): Record<string, ''> {
  const unset: Record<string, ''> = {};
  for (const name of Object.keys(model.fields)) if (!(name in kept)) unset[name] = '';
  return unset;
}

function projectionOf(fields: Fields): Record<string, 1> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, 1]));
}

/** What a settle step may see of a document. */
function shownBy(model: Model): Fields {
  return model.kind === 'state' ? { ...model.fields, ...model.settled } : model.fields;
}

/** A stored document as it answers a question. */
export function answerFrom(model: Model, document: mongo.Document): Answer {
  return { ...pick(document, shownBy(model)), [ANSWER_KEY]: String(document[keyFieldOf(model)]) };
}

function pick(document: mongo.Document, fields: Fields): SettledDocument {
  const picked: Record<string, SettledDocument[string]> = {};
  for (const name of Object.keys(fields)) {
    if (name in document) picked[name] = fromStored(document[name]) as SettledDocument[string];
  }
  return picked;
}
