import type { Failure } from './check.js';
import { fail, ok, skipped, warn, type Judgement } from './finding.js';
import { counted, listed, span } from './words.js';

/** An answer slower than this makes every sweep slow, in milliseconds. */
const SLOW_ANSWER_MS = 1_000;
/** This far behind the others, in slots, an endpoint is asked only after them (chain/endpoint-lag.ts). */
const LAGGING_SLOTS = 50;
/** This far behind, in slots, a node calls itself unhealthy (agave: --health-check-slot-distance). */
const UNHEALTHY_SLOTS = 128;

const CHECK_URL =
  'Check the host in SOLANA_RPC_URL, that the endpoint is up, and that this machine may reach it (DNS, firewall).';

/** What to do about each way in which an endpoint fails a question. */
const RPC_ADVICE: Readonly<Record<string, string>> = {
  unreachable: CHECK_URL,
  timeout: CHECK_URL,
  'rate-limited':
    'The endpoint says "too many requests": set RPC_REQUESTS_PER_SECOND to what it allows, or use a dedicated endpoint.',
  refused:
    'The endpoint does not serve this key: check the key in SOLANA_RPC_URL and what its plan and its list of allowed addresses say.',
  'malformed-answer': 'What answers there is no Solana JSON-RPC: check the path and the port in SOLANA_RPC_URL.',
  'method-unsupported': 'This endpoint does not offer the method: name another one in SOLANA_RPC_URL.',
  'bad-request': 'Correct the URL in SOLANA_RPC_URL.',
};

/** What to do when an endpoint fails a question for this reason. */
export function rpcAdvice({ reason }: Failure): string {
  return RPC_ADVICE[reason ?? ''] ?? 'Ask the provider of the endpoint, or name another one in SOLANA_RPC_URL.';
}

/** An endpoint that fails a question it must answer. */
export function failUnread(failure: Failure): Judgement {
  return fail(failure.message, rpcAdvice(failure));
}

/** Whether it answers, and how fast. */
export function judgeAnswers({ ms, version }: { readonly ms: number; readonly version: string }): Judgement {
  const found = `in ${Math.round(ms)} ms, version ${version}`;
  if (ms <= SLOW_ANSWER_MS) return ok(found);
  return warn(found, 'Every sweep takes many questions: put a nearer or dedicated endpoint first in SOLANA_RPC_URL.');
}

/** What the node says of itself. */
export type HealthReading =
  { readonly kind: 'ok' } | { readonly kind: 'behind'; readonly detail: string } | { readonly kind: 'untold' };

/** Whether the node calls itself healthy. */
export function judgeHealth(reading: HealthReading): Judgement {
  switch (reading.kind) {
    case 'ok':
      return ok('it says so itself');
    case 'untold':
      return ok('it has no getHealth to say');
    case 'behind':
      return fail(
        reading.detail,
        'Wait until the node has caught up, or put another endpoint before it in SOLANA_RPC_URL.',
      );
  }
}

/** Which chain an endpoint leads to; null: not known. */
export interface GenesisReading {
  readonly own: string;
  readonly others: readonly { readonly name: string; readonly hash: string | null }[];
  /** Of the chain that the database was filled from. */
  readonly bound: string | null;
}

/** Whether an endpoint leads to the chain that the others lead to. Where they differ, the database says who is right. */
export function judgeSameChain({ own, others, bound }: GenesisReading): Judgement {
  const different = others.find(({ hash }) => hash !== null && hash !== own);
  if (!different) {
    const unknown = others.filter(({ hash }) => hash === null).map(({ name }) => name);
    return ok(`genesis ${own}${unknown.length > 0 ? `; ${listed(unknown)} could not be asked` : ''}`);
  }
  if (own === bound) return ok(`genesis ${own}, that of the database; ${different.name} leads elsewhere`);
  return fail(
    `genesis ${own}, but ${different.name} has ${different.hash ?? ''}`,
    'Name endpoints of one chain only in SOLANA_RPC_URL: no process starts with two.',
  );
}

/** The newest slot of an endpoint, how far it went while it was watched, and the newest that any other has shown. */
export interface HeadReading {
  readonly slot: number;
  readonly movedBy: number;
  readonly watchedMs: number;
  readonly best: { readonly name: string; readonly slot: number } | null;
}

/** Whether an endpoint follows the chain. */
export function judgeHead({ slot, movedBy, watchedMs, best }: HeadReading): Judgement {
  const behind = Math.max(0, (best?.slot ?? slot) - slot);
  const of = behind > 0 && best ? `, ${counted(behind, 'slot')} behind ${best.name}` : '';
  const found = `slot ${slot}${of}`;
  const elsewhere = 'Put the other endpoint before it in SOLANA_RPC_URL, and ask its provider.';
  if (behind > UNHEALTHY_SLOTS) return fail(found, elsewhere);
  if (behind > LAGGING_SLOTS) return warn(found, elsewhere);
  if (movedBy > 0) return ok(found);
  return warn(
    `${found}, and it did not move in ${span(watchedMs)}`,
    'The chain or this node stands still: compare with another endpoint in SOLANA_RPC_URL.',
  );
}

/** How far back an endpoint's blocks go, and how far back they are needed. */
export interface HistoryReading {
  readonly oldest: number;
  /** The oldest block that any endpoint has. */
  readonly oldestAnywhere: number;
  /** 0: as far back as the endpoint goes. */
  readonly startSlot: number;
  /** Of programs that have one. */
  readonly frontiers: readonly { readonly program: string; readonly since: number; readonly slot: number }[];
}

/** Whether an endpoint has the history that the next sweep or the first one needs. */
export function judgeHistory({ oldest, oldestAnywhere, startSlot, frontiers }: HistoryReading): Judgement {
  const found = `blocks from slot ${oldest} on`;
  const cut = frontiers.filter(({ slot }) => slot < oldest);
  if (cut.length > 0) {
    const programs = cut.map(({ program, slot }) => `${program} at ${slot}`).join(', ');
    const text = `${found}, after the frontier of ${programs}: what happened between is not here`;
    const reached = cut.every(({ slot }) => slot >= oldestAnywhere);
    return reached
      ? warn(
          text,
          'Another endpoint has it, and is walked alone. Name a second one with that history in SOLANA_RPC_URL.',
        )
      : fail(text, `Name an endpoint with blocks from slot ${cut[0]?.slot ?? 0} on in SOLANA_RPC_URL.`);
  }
  if (frontiers.length === 0 && startSlot > 0 && oldest > startSlot) {
    return warn(
      `${found}, after START_SLOT ${startSlot}`,
      `Name an endpoint with blocks from slot ${startSlot} on in SOLANA_RPC_URL, or raise START_SLOT and bring the rest in later: npm run backfill (docs/operations.md, Backfill).`,
    );
  }
  const older = frontiers.filter(({ since }) => since < oldest);
  if (older.length === 0) return ok(found);
  return ok(`${found}; what ${listed(older.map(({ program }) => program))} has from before is in the ledger`);
}

const NO_LIST =
  'The worker runs without it; npm run audit and reconcile need an endpoint that serves getProgramAccounts.';

/** Whether it lists a program's accounts by how they begin. */
export function judgeAccountList({ name, count }: { readonly name: string; readonly count: number }): Judgement {
  return ok(`lists ${counted(count, `${name} account`)}`);
}

/** It lists none: only some work needs that. */
export function judgeNoAccountList(failure: Failure): Judgement {
  return warn(failure.message, NO_LIST);
}

/** Whether several questions may be put in one request. A pool that finds they may not goes on without. */
export function judgeBatches({
  refusal,
  batchSize,
}: {
  readonly refusal: string | null;
  readonly batchSize: number;
}): Judgement {
  if (refusal === null) return ok('taken');
  const instead =
    batchSize === 1 ? 'and RPC_BATCH_SIZE=1 asks for none' : 'each question is asked by itself (RPC_BATCH_SIZE)';
  return ok(`not taken (${refusal}); ${instead}`);
}

/** A batch that failed for another reason than being one. */
export function judgeBatchFailure(failure: Failure): Judgement {
  return failure.reason === 'rate-limited'
    ? warn(failure.message, `${rpcAdvice(failure)} RPC_BATCH_SIZE is how many count at once.`)
    : failUnread(failure);
}

/** What a log subscription came to. */
export type SocketReading =
  | { readonly kind: 'live'; readonly slot: number; readonly ms: number }
  | { readonly kind: 'down'; readonly reason: string; readonly detail: string }
  /** Subscribed or not, no slot came in the time that was given. */
  | { readonly kind: 'silent'; readonly connected: boolean; readonly waitedMs: number };

const CHECK_SOCKET =
  'Check SOLANA_WS_URL (unset: derived from SOLANA_RPC_URL; on a validator it is the next port) and that a proxy between lets WebSockets through. SOURCE=polling needs none.';

/** Whether the socket brings what a worker listens to. */
export function judgeSocket(reading: SocketReading): Judgement {
  switch (reading.kind) {
    case 'live':
      return ok(`subscribed to logs and slots, slot ${reading.slot} heard after ${span(reading.ms)}`);
    case 'silent':
      return reading.connected
        ? fail(
            `connected, but no slot was heard in ${span(reading.waitedMs)}`,
            'The endpoint sends nothing: name another one in SOLANA_WS_URL, or set SOURCE=polling.',
          )
        : fail(`no connection in ${span(reading.waitedMs)}`, CHECK_SOCKET);
    case 'down':
      return reading.reason === 'subscribe-rejected'
        ? fail(
            `connected, but a subscription was refused: ${reading.detail}`,
            'The worker needs logsSubscribe and slotSubscribe: name an endpoint that offers both in SOLANA_WS_URL, or set SOURCE=polling.',
          )
        : fail(`${reading.reason}: ${reading.detail}`, CHECK_SOCKET);
  }
}

/** No socket is needed. */
export function judgeNoSocket(): Judgement {
  return skipped('not needed: SOURCE=polling');
}
