import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { isAddress } from '../domain-kit/command-fields.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model, StateModel } from '../domain-kit/model.js';
import type { Clock } from '../lib/clock.js';
import { readFrontier } from '../ledger/frontier.js';
import { readByAddress } from './account-pages.js';
import { readingOf, type FinalReading } from './account-reading.js';
import type { DocumentDifference, Finding } from './audit-report.js';
import { judgeAgain } from './judge-again.js';
import { lookAgain } from './look-again.js';
import { mergeFindings } from './merge-findings.js';

/** Between two looks, in milliseconds: about a slot. */
const BETWEEN_LOOKS_MS = 500;
/** How often whoever can complete the ledger is asked to, in looks: a sweep costs a few requests. */
const LOOKS_PER_HURRY = 4;
/** Documents read in one snapshot. */
const BATCH = 100;

export interface JudgingDependencies {
  readonly db: mongo.Db;
  readonly chain: Pick<ChainPort, 'accounts'>;
  readonly clock: Clock;
  /** How long the ledger may take to catch up with what was read, in milliseconds. */
  readonly patienceMs: number;
  /** True: results across documents are judged later, when what decides over them is right. */
  readonly leavesResults?: boolean;
  /** Where the ledger is waited for: whoever can complete it need not wait for its turn. */
  readonly hurry?: () => void;
  readonly signal?: AbortSignal;
}

/** A document that looked wrong at first sight. `reading` null: nothing on chain mirrors it, or it was not read yet. */
export interface Doubt {
  readonly model: Model;
  readonly key: string;
  readonly reading: FinalReading | null;
}

/** What a doubt came to. `difference` null: all is well. */
export interface Judged extends Doubt {
  readonly difference: DocumentDifference | null;
  /** Whether the records lead to what was read; true where nothing was. */
  readonly ledgerAgrees: boolean;
}

/** What became of doubts; unsettled ones changed, or the ledger did not catch up with them, for as long as anybody looked. */
export interface JudgedDoubts {
  readonly judged: readonly Judged[];
  readonly unsettled: readonly Doubt[];
}

/**
 * Tells what is wrong from what was on its way. Accounts were read at finalized, and what their documents hold may be
 * newer, or not know of them yet: a document is wrong only where the ledger is complete up to the account's slot, nothing
 * of it waits to be applied, and its records lead elsewhere.
 * @throws RpcError
 */
export async function judgeDoubts(
  dependencies: JudgingDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  mirrored: ReadonlyMap<StateModel, ReadonlySet<string>>,
  doubts: readonly Doubt[],
): Promise<JudgedDoubts> {
  const { db, clock, patienceMs, signal } = dependencies;
  const fields = new Map([...mirrored].map(([model, names]) => [model.collection, names]));
  const isMirrored = (model: Model): model is StateModel => model.kind === 'state' && mirrored.has(model);
  const deadline = clock.monotonic() + patienceMs;
  const judged: Judged[] = [];
  let open = await withReadings(dependencies, module, codec, isMirrored, doubts);
  for (let look = 1; open.length > 0; look += 1) {
    const frontier = (await readFrontier(db, module.name))?.slot ?? -1;
    const isBehind = ({ reading }: Doubt) => reading === null || reading.slot <= frontier;
    // The first look finds what is explained already; later ones wait for the ledger.
    const isReady = (doubt: Doubt) => look === 1 || isBehind(doubt);
    const ready = open.filter(isReady);
    const left: Doubt[] = open.filter((doubt) => !isReady(doubt));
    for (const batch of batchesByModel(ready)) {
      const { model } = batch[0];
      const looks = await lookAgain(
        db,
        module,
        model,
        batch.map(({ key }) => key),
      );
      for (const doubt of batch) {
        const { key, reading } = doubt;
        const seen = looks.get(key);
        if (!seen) continue;
        const conclude = (found: readonly Finding[], ledgerAgrees: boolean) => {
          const findings = dependencies.leavesResults ? found.filter(({ witness }) => witness !== 'settle') : found;
          // Of what is no address no account can say anything.
          const [difference = null] = mergeFindings(findings, isAddress(key) ? fields : new Map());
          judged.push({ ...doubt, difference, ledgerAgrees });
        };
        if (!isMirrored(model) || reading === null) {
          if (seen.isWaiting) left.push(doubt);
          else conclude(seen.findings, true);
          continue;
        }
        const isCertain = isBehind(doubt) && !seen.isWaiting && !reading.isUnreadable;
        const verdict = judgeAgain(module, model, key, seen, reading, isCertain);
        if (verdict.kind === 'settled' && (verdict.ledgerAgrees || isCertain)) {
          conclude(verdict.findings, verdict.ledgerAgrees);
        } else left.push(doubt);
      }
    }
    open = left;
    if (open.length === 0 || clock.monotonic() >= deadline || signal?.aborted) break;
    if (look % LOOKS_PER_HURRY === 1) dependencies.hurry?.();
    await clock.sleep(BETWEEN_LOOKS_MS, signal);
  }
  return { judged, unsettled: open };
}

/** Doubts that other documents or the ledger raised about what the chain has accounts of. */
async function withReadings(
  { chain }: JudgingDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  isMirrored: (model: Model) => boolean,
  doubts: readonly Doubt[],
): Promise<Doubt[]> {
  const unread = new Set(
    doubts
      .filter(({ model, key, reading }) => reading === null && isMirrored(model) && isAddress(key))
      .map(({ key }) => key),
  );
  const readings = new Map<string, FinalReading>();
  for await (const { slot, accounts } of readByAddress(chain, [...unread])) {
    for (const [key, account] of accounts) readings.set(key, readingOf(module, codec, key, account, slot));
  }
  return doubts.map((doubt) => {
    const reading = doubt.reading ?? (isMirrored(doubt.model) ? (readings.get(doubt.key) ?? null) : null);
    // An account of another model at the address is none of this one's.
    const write = reading?.write?.model === doubt.model ? reading.write : null;
    return { ...doubt, reading: reading && { ...reading, write } };
  });
}

function batchesByModel(doubts: readonly Doubt[]): [Doubt, ...Doubt[]][] {
  const byModel = new Map<Model, Doubt[]>();
  for (const doubt of doubts) {
    const group = byModel.get(doubt.model) ?? [];
    group.push(doubt);
    byModel.set(doubt.model, group);
  }
  return [...byModel.values()].flatMap((all) =>
    Array.from(
      { length: Math.ceil(all.length / BATCH) },
      (_, batch) => all.slice(batch * BATCH, (batch + 1) * BATCH) as [Doubt, ...Doubt[]],
    ),
  );
}
