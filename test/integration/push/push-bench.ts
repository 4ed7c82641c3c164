import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { ensureAllIndexes } from '../../../src/app/ensure-all-indexes.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import type { Push } from '../../../src/domain-kit/push.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { readCommits, type Commit } from '../../../src/ledger/commit-log.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { applyNew } from '../../../src/pipeline/apply-new.js';
import { BatchSize } from '../../../src/pipeline/batch-size.js';
import type { Ingest } from '../../../src/pipeline/ingest.js';
import type { Acknowledgement } from '../../../src/push/client-session.js';
import { servePush, type PushSettings } from '../../../src/push/socket-io.js';
import { relandTransaction, rollbackTransaction } from '../../../src/recovery/settle-transaction.js';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { openCoreBench, silent } from '../core/core-bench.js';

/** A real database with red packets in it, changed by the very steps of a worker. */
export type PushBench = Awaited<ReturnType<typeof openPushBench>>;

export async function openPushBench(module: DomainModule = redPackets) {
  const bench = await openCoreBench();
  const { db } = bench;
  await ensureAllIndexes(db, [module]);
  const work = await bench.takeLease('test', module.name);
  const size = new BatchSize(500);
  const landing = (records: readonly LedgerRecord[], slot: number) =>
    ({
      landed: () => Promise.resolve({ kind: 'landed', slot, isWhole: true, records, letters: [] }),
    }) as unknown as Ingest;
  return {
    ...bench,
    work,
    /** The short way, in one commit. */
    apply: (records: readonly LedgerRecord[], by: LeaseWork = work) =>
      applyNew({ db, clock, log: silent }, by.lease, module, records, size),
    /** A fork drops the transaction of this record. */
    drop: ({ signature, slot }: LedgerRecord) =>
      rollbackTransaction(
        { db, clock, ingest: landing([], 0) },
        work,
        module,
        { signature, slot },
        'dropped by a fork',
      ),
    /** The chain shows the transaction so. */
    reland: (record: LedgerRecord) =>
      relandTransaction(
        { db, clock, ingest: landing([record], record.slot) },
        work,
        module,
        record.signature,
        'confirmed',
      ),
    commits: (): Promise<Commit[]> => readCommits(db, module.name, 1, 200),
  };
}

/** What `openServer` gives: one API process's worth of push. */
export interface OpenServer {
  readonly url: string;
  readonly metrics: Metrics;
  stop(): Promise<void>;
}

export async function openServer(
  { db }: Pick<PushBench, 'db'>,
  options: {
    readonly settings?: Partial<PushSettings>;
    readonly mayListen?: (apiKey: string | null) => Promise<boolean>;
    /** What it tells; by default what red packets push. */
    readonly push?: Push;
  } = {},
): Promise<OpenServer> {
  const http = createServer((_request, response) => response.end('not push'));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const metrics = createMetrics();
  const push = options.push ?? (redPackets.push as Push);
  const server = servePush(http, {
    ...{ db, clock, log: silent, metrics, modules: [{ name: redPackets.name, push }] },
    mayListen: options.mayListen ?? null,
    settings: { allowedOrigins: [], polling: false, maxClients: 100, ...options.settings },
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    metrics,
    stop: () =>
      (stopped ??= (async () => {
        const closed = new Promise((resolve) => http.close(resolve));
        await server.stop();
        // Of those that polled.
        http.closeAllConnections();
        await closed;
      })()),
  };
}

/** A message as a client got it. */
export interface Heard {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>> & { readonly id: string; readonly cursor: string };
}

/** A real client that notes what it hears. */
export class PushClient {
  readonly socket: Socket;
  readonly heard: Heard[] = [];

  constructor(url: string, options: { readonly auth?: Record<string, unknown>; readonly origin?: string } = {}) {
    this.socket = io(url, {
      ...{ transports: ['websocket'], reconnection: false, forceNew: true },
      ...(options.auth ? { auth: options.auth } : {}),
      ...(options.origin ? { extraHeaders: { origin: options.origin } } : {}),
    });
    this.socket.onAny((name: string, payload: Heard['payload']) => this.heard.push({ name, payload }));
  }

  async connected(): Promise<this> {
    await eventually(() => this.socket.connected);
    return this;
  }

  /** @throws what was refused. */
  async subscribe(request: object): Promise<Acknowledgement & { ok: true }> {
    const answer = await this.ask('subscribe', request);
    if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    return answer;
  }

  ask(name: 'subscribe' | 'unsubscribe', request: unknown): Promise<Acknowledgement> {
    return this.socket.timeout(10_000).emitWithAck(name, request) as Promise<Acknowledgement>;
  }

  names(): string[] {
    return this.heard.map(({ name }) => name).filter((name) => !name.startsWith('mooring:'));
  }

  ids(): string[] {
    return this.heard.flatMap(({ payload }) => (payload.id === undefined ? [] : [payload.id]));
  }

  payloads(name: string): Heard['payload'][] {
    return this.heard.filter((one) => one.name === name).map(({ payload }) => payload);
  }

  /** The newest cursor it has. */
  cursor(): string | undefined {
    return this.heard.at(-1)?.payload.cursor;
  }

  close(): void {
    this.socket.disconnect();
  }
}
