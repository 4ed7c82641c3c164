import bs58 from 'bs58';
import { mongo } from 'mongoose';
import { doesCount } from '../../src/domain-kit/document-mark.js';
import type { Model } from '../../src/domain-kit/model.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { touchOf } from '../../src/ledger/ledger-record.js';
import type { Journal } from './journal.js';
import type { MemoryServer } from './memory-mongo/memory-server.js';
import type { Entry, Table } from './memory-mongo/table.js';
import type { Doc } from './memory-mongo/values.js';
import type { Random } from './random.js';
import type { Witness } from './witness.js';

/** What somebody does to documents past all workers. */
export type DamageKind = 'changes' | 'deletes' | 'invents';

const EVERYTHING = { matches: () => true, equalities: new Map<string, never[]>() };
/** What a field never holds, or may hold, or no account can say. */
const WRONG_VALUES = ['damaged', 77, null, mongo.Decimal128.fromString('77')] as const;
/** Looks like an address, and is none: an endpoint refuses to be asked for it. */
const NO_ADDRESS = 'z'.repeat(44);

/** Somebody with access to the database and without a clue. */
export class Damage {
  constructor(
    private readonly server: MemoryServer,
    private readonly witness: Witness,
    private readonly random: Random,
    private readonly journal: Journal,
  ) {}

  do(what: DamageKind): void {
    const { random } = this;
    const models = coupons.models.filter((model) => this.#standing(model).length > 0);
    if (models.length === 0) return;
    const model = random.pick(models);
    const standing = this.#standing(model);
    if (what === 'changes') this.#change(model, random.pick(standing));
    else if (what === 'invents') this.#invent(model, random.pick(standing));
    else for (const entry of random.chance(0.2) ? standing : [random.pick(standing)]) this.#delete(model, entry);
  }

  /** Documents that count and that nobody is writing to just now. */
  #standing(model: Model): Entry[] {
    const table = this.#table(model);
    return table.find(EVERYTHING, null).filter((entry) => {
      return entry.pending === null && doesCount(table.documentOf(entry, null) ?? {});
    });
  }

  #change(model: Model, entry: Entry): void {
    const { random } = this;
    const before = this.#documentOf(model, entry);
    const names = [...Object.keys(model.fields), ...(model.kind === 'state' ? Object.keys(model.settled) : [])];
    const changed: Record<string, unknown> = { ...before };
    for (const name of random.chance(0.1) ? names : [random.pick(names)]) {
      if (random.chance(0.2)) delete changed[name];
      else changed[name] = random.pick(WRONG_VALUES);
    }
    this.#meddle('changed', model, before, () => this.#table(model).change(entry, changed, null, 'update'));
  }

  #delete(model: Model, entry: Entry): void {
    const before = this.#documentOf(model, entry);
    this.#meddle('deleted', model, before, () => this.#table(model).change(entry, null, null, 'delete'));
  }

  #invent(model: Model, like: Entry): void {
    const { random } = this;
    const bytes = (length: number) => bs58.encode(Uint8Array.from({ length }, () => random.whole(256)));
    const { _mooring, ...fields } = this.#documentOf(model, like);
    const _id = model.kind === 'fact' ? `${bytes(64)}/log/0` : random.chance(0.2) ? NO_ADDRESS : bytes(32);
    const invented: Doc = { ...fields, _id, ...(random.chance(0.5) && _mooring ? { _mooring } : {}) };
    const table = this.#table(model);
    if (table.find({ matches: () => true, equalities: new Map([['_id', [_id]]]) }, null).length > 0) return;
    this.#meddle('invented', model, invented, () => table.insert(invented, null));
  }

  #meddle(how: 'changed' | 'deleted' | 'invented', model: Model, document: Doc, write: () => void): void {
    const touch = touchOf(model.collection, String(document['_id']));
    this.witness.meddle(touch, write);
    this.journal.fault(`document ${how} by somebody`, touch);
  }

  #documentOf(model: Model, entry: Entry): Doc {
    return this.#table(model).documentOf(entry, null) ?? {};
  }

  #table({ collection }: Model): Table {
    return this.server.table(collection);
  }
}
