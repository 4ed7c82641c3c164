import { systemClock as clock } from '../../../src/lib/clock.js';
import { percentile, rounded } from '../figures.js';
import type { Progress } from '../progress.js';
import { openAllocationBed, type AllocationBed } from './allocation-bed.js';

export interface AllocationOptions {
  /** Requests per second that come whether or not the ones before them were served. */
  readonly rates: readonly number[];
  readonly clients: number;
  /** Of each of them. */
  readonly durationMs: number;
}

/** Numbers given to the requests of one signer under one load. */
export interface AllocationRow {
  /** Requests a second of an open loop, clients of a closed one. */
  readonly load: number;
  readonly allocations: number;
  readonly perSecond: number;
  /** From the moment the request was due to its number being committed. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the allocations: committed in one write with others. */
  readonly shared: number;
  /** In one write, on average. */
  readonly perWrite: number;
}

/** What `npm run bench -- transactions` says about numbers. */
export interface AllocationReport {
  readonly open: readonly AllocationRow[];
  readonly closed: AllocationRow;
}

const WARM_UP = 200;
const TICK_MS = 2;

/** Measures each load on a signer and a database of its own: none inherits the requests of the one before. */
export async function benchAllocations(
  uri: string,
  { rates, clients, durationMs }: AllocationOptions,
  progress: Progress,
): Promise<AllocationReport> {
  const open: AllocationRow[] = [];
  for (const rate of rates) {
    progress(`transactions: numbers at ${rate}/s`);
    open.push(await measure(uri, rate, (bed) => openLoop(bed, rate, durationMs)));
  }
  progress(`transactions: numbers for ${clients} clients`);
  const closed = await measure(uri, clients, (bed) => closedLoop(bed, clients, durationMs));
  return { open, closed };
}

async function measure(
  uri: string,
  load: number,
  run: (bed: AllocationBed) => Promise<readonly Allocated[]>,
): Promise<AllocationRow> {
  const bed = await openAllocationBed(uri);
  try {
    await Promise.all(Array.from({ length: WARM_UP }, () => bed.allocate()));
    bed.takeSizes();
    const startedMs = clock.monotonic();
    const allocated = await run(bed);
    const seconds = (clock.monotonic() - startedMs) / 1_000;
    const numbers = new Set(allocated.map(({ index }) => index));
    if (numbers.size !== allocated.length) throw new Error('a number was given twice');
    const sizes = bed.takeSizes();
    const latencies = allocated.map(({ latencyMs }) => latencyMs);
    const shared = sizes.filter((size) => size > 1).reduce((sum, size) => sum + size, 0);
    return {
      load,
      allocations: allocated.length,
      perSecond: rounded(allocated.length / seconds),
      p50Ms: rounded(percentile(latencies, 0.5), 1),
      p99Ms: rounded(percentile(latencies, 0.99), 1),
      shared: rounded(shared / allocated.length, 4),
      perWrite: rounded(allocated.length / sizes.length, 1),
    };
  } finally {
    await bed.stop();
  }
}

interface Allocated {
  readonly index: bigint;
  readonly latencyMs: number;
}

/** Every request has its moment, and what comes too late for it waits all the longer. */
async function openLoop(bed: AllocationBed, rate: number, durationMs: number): Promise<Allocated[]> {
  const startedMs = clock.monotonic();
  const all: Promise<Allocated>[] = [];
  const count = Math.floor((rate * durationMs) / 1_000);
  while (all.length < count) {
    const due = Math.min(count, Math.floor(((clock.monotonic() - startedMs) * rate) / 1_000));
    while (all.length < due) all.push(timed(bed, startedMs + (all.length * 1_000) / rate));
    await clock.sleep(TICK_MS);
  }
  return Promise.all(all);
}

/** Every client asks for the next number once it has the one before. */
async function closedLoop(bed: AllocationBed, clients: number, durationMs: number): Promise<Allocated[]> {
  const endsMs = clock.monotonic() + durationMs;
  const each = await Promise.all(
    Array.from({ length: clients }, async () => {
      const own: Allocated[] = [];
      while (clock.monotonic() < endsMs) own.push(await timed(bed, clock.monotonic()));
      return own;
    }),
  );
  return each.flat();
}

async function timed(bed: AllocationBed, dueMs: number): Promise<Allocated> {
  const index = await bed.allocate();
  return { index, latencyMs: clock.monotonic() - dueMs };
}
