import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model, StateModel } from '../domain-kit/model.js';
import type { Clock } from '../lib/clock.js';
import { readFrontier } from '../ledger/frontier.js';
import { readListenerStatus, STATUS_STALE_MS } from '../ledger/listener-status.js';
import { readingOf } from './account-reading.js';
import type { Finding } from './audit-report.js';
import { judgeAgain, type AccountReading } from './judge-again.js';
import { lookAgain } from './look-again.js';

/** Between two looks, in milliseconds: about a slot, so that what was on its way has arrived. */
const BETWEEN_LOOKS_MS = 500;
/**
 * How long a document is looked at before it is left as unsettled, in milliseconds: its slot has to become final (13 s)
 * and be swept over (SWEEP_INTERVAL_MS), and some accounts change again meanwhile.
 */
const PATIENCE_MS = 60_000;
/** Where nobody follows the program nothing is on its way, so a few looks are all there is to have. */
const LOOKS_UNFOLLOWED = 3;
/** Documents read in one snapshot, and accounts in one request. */
const BATCH = 100;
/** Histories of single accounts asked for at once. */
const HISTORIES_AT_ONCE = 8;

export interface SettleDependencies {
  readonly db: mongo.Db;
  readonly chain: Pick<ChainPort, 'accounts' | 'signaturesFor'>;
  readonly clock: Clock;
}

/** A document that two witnesses saw differently at first sight. */
export interface Doubt {
  readonly model: Model;
  readonly key: string;
}

/** findings: what is certain. unsettled: what changed, or could still change, for as long as anybody looked. */
export interface SettledDoubts {
  readonly findings: readonly Finding[];
  readonly unsettled: readonly Doubt[];
}

interface OpenDoubt {
  readonly doubt: Doubt;
  /** Kept from look to look: the ledger catches up with it, while a new one would always be ahead. Null: unread. */
  account: AccountReading | null;
}

/**
 * Looks at doubtful documents again and again until each is found equal, or different for good. `mirrored`: models that
 * the chain has accounts of.
 * @throws RpcError when the chain does not answer: an audit that could not look has found nothing out (I5).
 */
export async function settleDifferences(
  dependencies: SettleDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  doubts: readonly Doubt[],
  isMirrored: (model: StateModel) => boolean,
): Promise<SettledDoubts> {
  const { db, clock } = dependencies;
  const findings: Finding[] = [];
  const isFollowed = await isFollowedNow(db, module.name, clock);
  const deadline = clock.monotonic() + PATIENCE_MS;
  let open = doubts.map((doubt): OpenDoubt => ({ doubt, account: null }));
  for (let look = 1; ; look++) {
    const left: OpenDoubt[] = [];
    for (const batch of batchesByModel(open)) {
      const { model } = batch[0].doubt;
      const hasAccounts = model.kind === 'state' && isMirrored(model);
      if (hasAccounts) await readMissingAccounts(dependencies, module, codec, model, batch);
      const frontier = (await readFrontier(db, module.name))?.slot ?? -1;
      const quiet = hasAccounts && look > 1 ? await quietSince(dependencies, batch, frontier) : new Set<string>();
      const looks = await lookAgain(
        db,
        module,
        model,
        batch.map(({ doubt }) => doubt.key),
      );
      for (const one of batch) {
        const { key } = one.doubt;
        const seen = looks.get(key);
        if (!seen) continue;
        if (!hasAccounts) {
          findings.push(...seen.findings);
          continue;
        }
        if (!one.account) {
          left.push(one);
          continue;
        }
        const verdict = judgeAgain(module, model, key, seen, one.account, quiet.has(key));
        if (verdict.kind === 'settled') findings.push(...verdict.findings);
        else {
          // The ledger is complete up to it and led elsewhere: it was read on a fork, or the program kept silent.
          if (one.account.slot <= frontier && !seen.isWaiting) one.account = null;
          left.push(one);
        }
      }
    }
    open = left;
    const isOver = isFollowed ? clock.monotonic() >= deadline : look >= LOOKS_UNFOLLOWED;
    if (open.length === 0 || isOver) return { findings, unsettled: open.map(({ doubt }) => doubt) };
    await clock.sleep(BETWEEN_LOOKS_MS);
  }
}

/** Whether somebody moves the frontier: otherwise waiting for it is in vain. */
async function isFollowedNow(db: mongo.Db, program: string, clock: Clock): Promise<boolean> {
  const status = await readListenerStatus(db, program);
  return status !== null && clock.now() - status.updatedAt.getTime() < STATUS_STALE_MS;
}

function batchesByModel(open: readonly OpenDoubt[]): [OpenDoubt, ...OpenDoubt[]][] {
  const byModel = new Map<Model, OpenDoubt[]>();
  for (const one of open) byModel.set(one.doubt.model, [...(byModel.get(one.doubt.model) ?? []), one]);
  return [...byModel.values()].flatMap((all) =>
    Array.from(
      { length: Math.ceil(all.length / BATCH) },
      (_, batch) => all.slice(batch * BATCH, (batch + 1) * BATCH) as [OpenDoubt, ...OpenDoubt[]],
    ),
  );
}

async function readMissingAccounts(
  { chain }: SettleDependencies,
  module: DomainModule,
  codec: ProgramCodec,
  model: StateModel,
  batch: readonly OpenDoubt[],
): Promise<void> {
  const wanted = batch.filter(({ account }) => account === null);
  if (wanted.length === 0) return;
  const { contextSlot, accounts } = await chain.accounts(
    wanted.map(({ doubt }) => doubt.key),
    'confirmed',
  );
  for (const [position, one] of wanted.entries()) {
    const reading = readingOf(module, codec, one.doubt.key, accounts[position] ?? null, contextSlot);
    const write = reading.write?.model === model ? reading.write : null;
    if (!reading.isUnreadable) one.account = { slot: contextSlot, write };
  }
}

/** Keys of accounts that nothing touched after they were read, and everything that ever did is scanned. */
async function quietSince(
  { chain }: SettleDependencies,
  batch: readonly OpenDoubt[],
  frontier: number,
): Promise<Set<string>> {
  const quiet = new Set<string>();
  const left = [...batch];
  const ask = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      const [last] = await chain.signaturesFor(one.doubt.key, { limit: 1, commitment: 'confirmed' });
      // An empty list says that this node keeps no history of it, and nothing else (I5).
      const at = last?.slot ?? Infinity;
      if (at <= frontier && at <= (one.account?.slot ?? -1)) quiet.add(one.doubt.key);
    }
  };
  await Promise.all(Array.from({ length: HISTORIES_AT_ONCE }, ask));
  return quiet;
}
