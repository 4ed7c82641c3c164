import { NotCoveredError } from './errors.js';
import { compileFilter } from './filter.js';
import type { MemoryConnection } from './memory-connection.js';
import { compileProjection } from './projection.js';
import { compileSort } from './sort.js';
import type { Entry, Table, View } from './table.js';
import { handOut, type Doc } from './values.js';

/** What a server answers at first where nothing else is asked for. */
const FIRST_BATCH = 101;

type Specification = Readonly<Record<string, unknown>>;

/** What both kinds of cursor do: pages, each of them a command. */
abstract class PagedCursor {
  protected pageSize: number | null = null;

  constructor(
    readonly connection: MemoryConnection,
    readonly table: () => Table,
    readonly collection: string,
    readonly session: unknown,
  ) {}

  batchSize(size: number): this {
    this.pageSize = size;
    return this;
  }

  async toArray(): Promise<Doc[]> {
    const all: Doc[] = [];
    for await (const page of this.pages()) for (const document of page) all.push(handOut(document));
    return all;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Doc> {
    for await (const page of this.pages()) for (const document of page) yield handOut(document);
  }

  /** In a try of the caller's, a cursor that was read to its end has nothing to close. */
  async close(): Promise<void> {}

  protected abstract pages(): AsyncGenerator<readonly Doc[]>;
}

/** `find`: nothing happens before it is read. */
export class FindCursor extends PagedCursor {
  #sort: Specification = {};
  #limit = 0;
  #projection: Specification = {};

  constructor(
    connection: MemoryConnection,
    table: () => Table,
    collection: string,
    session: unknown,
    readonly filter: object,
  ) {
    super(connection, table, collection, session);
  }

  sort(sort: Specification): this {
    this.#sort = sort;
    return this;
  }

  limit(limit: number): this {
    if (limit < 0) throw new NotCoveredError('a negative limit');
    this.#limit = limit;
    return this;
  }

  project(projection: Specification): this {
    this.#projection = projection;
    return this;
  }

  protected async *pages(): AsyncGenerator<readonly Doc[]> {
    const { connection, collection, session } = this;
    // Made ready here, so that what is not covered is told like any other answer.
    const page = (command: string, of: (view: View) => readonly Doc[]) =>
      connection.run(command, collection, session, of);
    let source: PageSource | null = null;
    const size = this.pageSize ?? FIRST_BATCH;
    const first = await page('find', (view) => (source = this.#open(view)).next(size));
    yield first;
    const opened = source as unknown as PageSource;
    let isFull = first.length === size;
    while (isFull && !opened.isAtLimit) {
      const next = this.pageSize ?? Infinity;
      const more = await page('getMore', () => opened.next(next));
      yield more;
      isFull = more.length === next;
    }
  }

  #open(view: View): PageSource {
    const table = this.table();
    const filter = compileFilter(this.filter);
    const compare = compileSort(this.#sort);
    const project = compileProjection(this.#projection);
    const entries = table.find(filter, view);
    const limit = this.#limit || Infinity;
    if (compare || view) {
      const documents = entries.map((entry) => table.documentOf(entry, view) as Doc);
      if (compare) documents.sort(compare);
      return new PageSource(documents.length, (at) => documents[at] as Doc, limit, project);
    }
    // Outside of a transaction, what is not sorted is read page by page, as it is by then.
    const current = (at: number) => {
      const document = table.documentOf(entries[at] as Entry, null);
      return document && filter.matches(document) ? document : null;
    };
    return new PageSource(entries.length, current, limit, project);
  }
}

/** What is left of an answer. */
class PageSource {
  #at = 0;
  #given = 0;

  constructor(
    readonly length: number,
    /** Null where nothing is any more. */
    readonly read: (at: number) => Doc | null,
    readonly limit: number,
    readonly project: ((document: Doc) => Doc) | null,
  ) {}

  get isAtLimit(): boolean {
    return this.#given >= this.limit;
  }

  next(size: number): readonly Doc[] {
    const page: Doc[] = [];
    for (; this.#at < this.length && page.length < size && !this.isAtLimit; this.#at++) {
      const document = this.read(this.#at);
      if (!document) continue;
      page.push(this.project ? this.project(document) : document);
      this.#given += 1;
    }
    return page;
  }
}

/** `aggregate`, with the stages that mooring uses. */
export class AggregationCursor extends PagedCursor {
  constructor(
    connection: MemoryConnection,
    table: () => Table,
    collection: string,
    session: unknown,
    readonly stages: readonly Specification[],
  ) {
    super(connection, table, collection, session);
  }

  protected async *pages(): AsyncGenerator<readonly Doc[]> {
    const { connection, collection, session } = this;
    const documents = await connection.run('aggregate', collection, session, (view) => this.#evaluate(view));
    let size = this.pageSize ?? FIRST_BATCH;
    yield documents.slice(0, size);
    for (let at = size; at <= documents.length; at += size) {
      size = this.pageSize ?? Infinity;
      await connection.run('getMore', collection, session, () => undefined);
      yield documents.slice(at, at + size);
    }
  }

  #evaluate(view: View): readonly Doc[] {
    const table = this.table();
    const [first, ...rest] = this.stages;
    const filter = compileFilter((first?.['$match'] as object | undefined) ?? {});
    let documents = table.find(filter, view).map((entry) => table.documentOf(entry, view) as Doc);
    for (const stage of first?.['$match'] ? rest : this.stages) documents = evaluateStage(stage, documents);
    return documents;
  }
}

function evaluateStage(stage: Specification, documents: Doc[]): Doc[] {
  const [[name, argument] = ['nothing', null], ...more] = Object.entries(stage);
  if (more.length > 0) throw new NotCoveredError('a stage with several names');
  switch (name) {
    case '$match':
      return documents.filter(compileFilter(argument as object).matches);
    case '$limit':
      return documents.slice(0, argument as number);
    case '$sort': {
      const compare = compileSort(argument as Specification);
      return compare ? [...documents].sort(compare) : documents;
    }
    case '$project': {
      const project = compileProjection(argument as Specification);
      return project ? documents.map(project) : documents;
    }
    default:
      throw new NotCoveredError(`the stage ${name}`);
  }
}
