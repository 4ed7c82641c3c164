import type { BlockHeaderLookup, ChainPort } from '../chain/chain-port.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { AskAgain } from '../lib/ask-again.js';
import { BoundedMap } from '../lib/bounded-map.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { heldKey, type HeldTransaction } from '../ledger/held-transaction.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { markFinalized, type BlockStamp } from '../ledger/mark-records.js';
import { noteLate } from '../ledger/stable-slot.js';
import { readNewestFinal } from '../ledger/read-records.js';
import { agreeOnDrop } from './agree-on-drop.js';
import { askEndpoints, type ChainMember } from './ask-endpoints.js';
import { BlockWatch, stampOf } from './block-watch.js';
import { compareBlocks, judgeWithBlock, type BlockVerdict } from './compare-blocks.js';
import { DueTransactions } from './due-transactions.js';
import { judgeFinality, type FinalityVerdict } from './judge-finality.js';
import { queueMessages } from './queue-messages.js';
import { isMassSuspicion } from './mass-suspicion.js';
import { breakTies } from './tie-breaker.js';
import {
  relandTransaction,
  rollbackTransaction,
  type Correction,
  type RecoveryDependencies,
} from './settle-transaction.js';
import { UnderWay } from './under-way.js';

/** getSignatureStatuses takes at most this many signatures a call. */
const STATUSES_PER_CALL = 256;
/** Transactions asked about on their own at once: re-landings and proofs of a drop. */
const ASKED_AT_ONCE = 32;
/** Transactions compared with what is held of them at once: how many are really asked for is the fetcher's to say. */
const COMPARED_AT_ONCE = 256;
/** A suspect of which nothing could be proven is asked about again after this long, in milliseconds. */
const ASK_AGAIN_MS = 5_000;
/** A worker that stood still for a week-end still welcomes whoever came meanwhile. */
const MESSAGE_MAX_AGE_MS = 7 * 24 * 3_600_000;
/** Suspects whose last answer is remembered, to say each only once. */
const DOUBTS_REMEMBERED = 10_000;

/** What the finality checker needs, and who hears of its verdicts. */
export interface FinalityDependencies extends RecoveryDependencies {
  readonly chain: ChainPort;
  /** Every endpoint alone: two of them must prove a drop, where there are two. */
  readonly members: readonly ChainMember[];
  /** How many slots below the finalized one blocks are compared by hash; 0 = not at all. */
  readonly checkSlots: number;
  /** Records judged in one pass, about; unset: a thousand. */
  readonly recordsPerPass?: number;
  /** What happened longer ago than this causes no messages, in milliseconds; unset: seven days. */
  readonly messageMaxAgeMs?: number;
  readonly log: Log;
  /** After the commit. Must not throw. */
  readonly onFinalized: (module: DomainModule, records: readonly LedgerRecord[]) => void;
  readonly onCorrected: (module: DomainModule, correction: Correction) => void;
  /** Once when it begins, with what is suspect, and once with null when it is over. */
  readonly onMassSuspicion: (module: DomainModule, suspicion: MassSuspicion | null) => void;
}

/** While most of what is asked about is suspect, nothing is rolled back. */
export interface MassSuspicion {
  readonly suspects: number;
  readonly asked: number;
}

interface JudgedTransaction {
  readonly held: HeldTransaction;
  readonly verdict: BlockVerdict;
  /** The finalized block of its slot, where it is known. */
  readonly block: (BlockHeaderLookup & { readonly kind: 'block' }) | null;
}

/**
 * Moves events of one program from confirmed to finalized, or rolls back what a fork dropped. What is due is read from
 * the ledger each time, so a restart loses nothing.
 */
export class FinalityChecker {
  readonly #underWay = new UnderWay(ASKED_AT_ONCE);
  /** Apart, so that a restart's many comparisons hold up no rollback. */
  readonly #comparing = new UnderWay(COMPARED_AT_ONCE);
  readonly #blocks: BlockWatch;
  /** Why nothing could be proven of a suspect, and when (monotonic) it is asked about again. */
  readonly #doubts = new BoundedMap<string, { readonly reason: string; readonly againAtMs: number }>(DOUBTS_REMEMBERED);
  readonly #due: DueTransactions;
  /** Their slot is right, and no node keeps all of what they did there. */
  readonly #incomplete: AskAgain;
  #suspicion: MassSuspicion | null = null;
  /** Since all that is due was begun with, from its oldest. */
  #isRoundSuspicious = false;

  constructor(
    private readonly dependencies: FinalityDependencies,
    private readonly work: LeaseWork,
    private readonly module: DomainModule,
  ) {
    this.#blocks = new BlockWatch(dependencies);
    this.#incomplete = new AskAgain(dependencies.clock, dependencies.random ?? (() => 0));
    this.#due = new DueTransactions(dependencies.db, module.name, dependencies.recordsPerPass);
  }

  /**
   * Judges what is due, the next page of it where it is much. What is final is marked before this returns; what has to
   * be asked about on its own is begun and not waited for. Returns how many transactions it called final.
   * @throws StaleFenceError when the lease is somebody else's.
   */
  async pass(): Promise<number> {
    this.throwIfLost();
    const { chain, clock } = this.dependencies;
    const finalizedSlot = await chain.slot('finalized');
    const page = await this.#due.next(finalizedSlot, new Date(clock.now()));
    const judged = await this.#judge(page.transactions, finalizedSlot);
    this.#due.passed(page);
    const suspects = judged.filter(({ verdict }) => verdict === 'suspect').map(({ held }) => held);
    await this.#noteSuspicion(suspects, judged.length, page.upTo === null);
    const finals = await this.#finalize(judged);
    // The slot is right, but another version was announced for it too: only the transaction itself tells which is true.
    const unsure = judged.filter(({ held, verdict }) => verdict === 'final' && isDisputed(held));
    for (const { held } of unsure) this.#begin(this.#underWay, held);
    // One endpoint's word that it is elsewhere is not enough where another one can be asked (I5).
    this.#beginAsking(judged.filter(({ verdict }) => verdict === 'elsewhere').map(({ held }) => held));
    for (const { held, verdict } of judged) if (verdict === 'compare') this.#begin(this.#comparing, held);
    // While most of what was asked about is suspect, it is the endpoint that is.
    if (!this.#suspicion) this.#beginAsking(suspects);
    return finals;
  }

  /** To be told of events as soon as they are read from what an endpoint says of now. */
  hear(records: readonly LedgerRecord[]): void {
    this.#blocks.hear(records);
  }

  /** Asks which blocks the events heard just now stand in. Costs nothing where nothing was heard. */
  keepBlocks(): Promise<void> {
    return this.#blocks.keep();
  }

  /** @throws StaleFenceError when something that was begun found the lease to be somebody else's. */
  throwIfLost(): void {
    this.#underWay.throwIfLost();
    this.#comparing.throwIfLost();
  }

  /** Waits for what is under way. Returns how many of these transactions found their end. */
  async ended(): Promise<number> {
    const [ended] = await Promise.all([this.#underWay.ended(), this.#comparing.ended()]);
    return ended;
  }

  async #judge(due: readonly HeldTransaction[], finalizedSlot: number): Promise<JudgedTransaction[]> {
    const { chain } = this.dependencies;
    const headers = await this.#blocks.finalized(
      due.map(({ slot }) => slot),
      finalizedSlot,
    );
    const judged: JudgedTransaction[] = [];
    for (let start = 0; start < due.length; start += STATUSES_PER_CALL) {
      const chunk = due.slice(start, start + STATUSES_PER_CALL);
      const { statuses } = await chain.signatureStatuses(chunk.map(({ signature }) => signature));
      for (const [position, held] of chunk.entries()) {
        const header = headers.get(held.slot) ?? null;
        const verdict = judgeFinality(held.slot, statuses[position] ?? null, finalizedSlot);
        const block = header?.kind === 'block' ? header : null;
        judged.push({
          held,
          verdict: this.#isToCompare(held) ? this.#compared(held, header, verdict) : verdict,
          block,
        });
      }
    }
    return judged;
  }

  /** What was read from a finalized transaction is what it says. */
  #isToCompare({ records }: HeldTransaction): boolean {
    return this.#blocks.isOn && records.some(({ seenAs }) => seenAs !== 'finalized');
  }

  #compared(held: HeldTransaction, header: BlockHeaderLookup | null, verdict: FinalityVerdict): BlockVerdict {
    return judgeWithBlock(verdict, compareBlocks(this.#blocks.hashOf(held), header));
  }

  async #finalize(judged: readonly JudgedTransaction[]): Promise<number> {
    const { db, clock, log, onFinalized, messageMaxAgeMs: maxAgeMs = MESSAGE_MAX_AGE_MS } = this.dependencies;
    // What is still to be applied has no place among the others yet: the tie-breaker would look at it too early.
    const clear = judged.filter(({ held, verdict }) => verdict === 'final' && !isDisputed(held) && !isWaiting(held));
    const openSlots = await breakTies(
      this.dependencies,
      this.work,
      this.module,
      clear.flatMap(({ held }) => held.records),
    );
    if (openSlots.size > 0) log.warn({ slots: [...openSlots] }, 'the order within these slots is not known yet');
    const finals = clear.filter(({ held }) => !openSlots.has(held.slot));
    if (finals.length === 0) return 0;
    const records = finals.flatMap(({ held }) => held.records);
    const stamps = new Map<number, BlockStamp>(
      finals.flatMap(({ held, block }) => (block ? [[held.slot, stampOf(block)]] : [])),
    );
    const marked = await this.work.exclusive(() =>
      inLeaseTransaction(db, this.work.lease, async (session) => {
        const now = new Date(clock.now());
        const ids = await markFinalized(db, session, records, stamps, now);
        const marked = records.filter(({ _id }) => ids.has(_id));
        await noteLate(db, session, this.module.name, marked, now);
        await queueMessages(db, session, this.module, marked, { now, maxAgeMs, log });
        await touchLease(db, this.work.lease, session);
        return ids;
      }),
    );
    // Another version may have been announced, or taken its place, since these were read: that one is not final yet.
    // One that was dead when it was final, and was revived since, was announced then (I7).
    const news = records.filter(({ _id, finalizedAt }) => finalizedAt === null && marked.has(_id));
    if (news.length > 0) onFinalized(this.module, news);
    return finals.length;
  }

  #begin(underWay: UnderWay, held: HeldTransaction): void {
    const { signature } = held;
    if (!this.#incomplete.isDue(heldKey(held))) return;
    underWay.begin(
      heldKey(held),
      () => this.#reland(held),
      (error) => this.dependencies.log.warn({ signature, error: messageOf(error) }, 're-landing failed; trying again'),
    );
  }

  async #reland(held: HeldTransaction): Promise<boolean> {
    const { signature } = held;
    const outcome = await relandTransaction(this.dependencies, this.work, this.module, signature, 'finalized');
    if (outcome.kind === 'incomplete') this.#incomplete.failed(heldKey(held));
    if (outcome.kind !== 'corrected') return false;
    this.#incomplete.succeeded(heldKey(held));
    const { orphaned, entered } = outcome.correction;
    if (orphaned.length > 0 || entered.length > 0) this.dependencies.onCorrected(this.module, outcome.correction);
    return true;
  }

  #beginAsking(suspects: readonly HeldTransaction[]): void {
    const { clock, log } = this.dependencies;
    const dueAtMs = (held: HeldTransaction) => this.#doubts.get(heldKey(held))?.againAtMs ?? -Infinity;
    // Those asked about longest ago first: many of which nothing can be proven keep no room from the others.
    const inTurn = suspects
      .map((held) => ({ held, atMs: dueAtMs(held) }))
      .sort((one, other) => (one.atMs === other.atMs ? 0 : one.atMs - other.atMs));
    for (const { held, atMs } of inTurn) {
      if (atMs > clock.monotonic()) break;
      const key = heldKey(held);
      const { signature, slot } = held;
      this.#underWay.begin(
        key,
        () => this.#askAll(held),
        (error) => log.warn({ signature, slot, error: messageOf(error) }, 'a suspect transaction could not be settled'),
      );
    }
  }

  /**
   * Told once when it begins and once when it ends, however many passes it lasts. It ends when all that is due has been
   * judged again from its oldest to its newest: a page that looks well says nothing of the one before.
   */
  async #noteSuspicion(suspects: readonly HeldTransaction[], asked: number, endsRound: boolean): Promise<void> {
    const { log, onMassSuspicion } = this.dependencies;
    const slots = suspects.map(({ slot }) => slot);
    const isMass = isMassSuspicion(slots, asked, false) && isMassSuspicion(slots, asked, await this.#knowsOurPast());
    const found = isMass ? { suspects: suspects.length, asked } : null;
    if (found) this.#isRoundSuspicious = true;
    const before = this.#suspicion;
    const isOver = endsRound && !this.#isRoundSuspicious;
    const now = found ?? (isOver ? null : before);
    if (endsRound) this.#isRoundSuspicious = false;
    this.#suspicion = now;
    if ((before === null) === (now === null)) return;
    const program = this.module.name;
    if (now) {
      log.error(
        { program, ...now },
        'the endpoint does not know most of what was confirmed; nothing is rolled back. Is SOLANA_RPC_URL the right cluster?',
      );
    } else log.info({ program }, 'the endpoint knows what was confirmed again; finality goes on');
    onMassSuspicion(this.module, now);
  }

  /** Whether the chain that knows so little knows at least the newest transaction that is final already. */
  async #knowsOurPast(): Promise<boolean> {
    const { db, chain } = this.dependencies;
    const newest = await readNewestFinal(db, this.module.name);
    if (!newest) return false;
    const { statuses } = await chain.signatureStatuses([newest.signature]);
    return statuses[0]?.slot === newest.slot && statuses[0].commitment === 'finalized';
  }

  async #askAll(held: HeldTransaction): Promise<boolean> {
    const { members, log, onCorrected } = this.dependencies;
    const { signature, slot } = held;
    const agreement = agreeOnDrop(slot, await askEndpoints(members, signature, slot));
    switch (agreement.kind) {
      case 'elsewhere':
        return this.#reland(held);
      case 'present':
        if (agreement.contradictedBy.length > 0) {
          this.#doubt(held, 'contradiction', () =>
            log.error(
              { signature, slot, contradictedBy: agreement.contradictedBy },
              'the endpoints contradict each other about a transaction; it stays',
            ),
          );
        } else
          this.#doubt(held, 'present', () => log.warn({ signature, slot }, 'suspect transaction: its block has it'));
        return false;
      case 'unknown':
        this.#doubt(held, agreement.reason, () =>
          log.warn(
            { signature, slot, reason: agreement.reason },
            'suspect transaction: no proof that it was dropped, so it stays',
          ),
        );
        return false;
      case 'dropped': {
        const reason = `dropped by a fork (${agreement.how})`;
        const correction = await rollbackTransaction(this.dependencies, this.work, this.module, held, reason);
        log.warn(
          { signature, slot, how: agreement.how, events: correction.orphaned.length },
          'reorg: transaction rolled back',
        );
        onCorrected(this.module, correction);
        return true;
      }
    }
  }

  #doubt(held: HeldTransaction, reason: string, say: () => void): void {
    const key = heldKey(held);
    if (this.#doubts.get(key)?.reason !== reason) say();
    this.#doubts.set(key, { reason, againAtMs: this.dependencies.clock.monotonic() + ASK_AGAIN_MS });
  }
}

function isDisputed({ records }: HeldTransaction): boolean {
  return records.some((record) => record.disputed);
}

function isWaiting({ records }: HeldTransaction): boolean {
  return records.some(({ state }) => state === 'received');
}
