import { isDeepStrictEqual } from 'node:util';
import { fromStored } from '../../../src/lib/stored-value.js';
import type { IndexCounter } from '../../../src/transactions/index-counter.js';
import { signerLease, type Attempt, type ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { isResting } from '../../../src/transactions/transaction-machine.js';
import type { MemoryServer } from '../memory-mongo/memory-server.js';
import { storedDocument } from '../stored.js';
import { Violation } from '../witness.js';
import { rowAddress } from './sim-program.js';
import type { Wire } from './sim-wire.js';
import { isOverSameNonce, TxNonceJudge } from './tx-nonce-judge.js';
import { ROWS } from './tx-plan.js';
import type { Block, TxCluster } from './tx-cluster.js';
import type { TxJournal } from './tx-journal.js';

interface Write {
  readonly collection: string;
  readonly id: string;
}

const REQUESTS = 'managed_transactions';
const NONCES = 'nonce_accounts';
/** What an operator may change without a lease. */
const WISH_FIELDS = { wish: null, updatedAt: null };

/**
 * Watches everything that is committed, sent and told, and says at once where an invariant does not hold: against the
 * cluster as it truly is, and by nothing that a process says of itself.
 */
export class TxJudge {
  readonly #requests = new Map<string, ManagedTransaction>();
  /** By signature: whose it is. */
  readonly #owners = new Map<string, string>();
  /** Numbers that a request had to leave to somebody else. */
  readonly #left = new Set<string>();
  readonly #freed = new Set<string>();
  /** The last answers that clients were given. */
  readonly #told = new Map<string, ManagedTransaction>();
  readonly #accepted = new Set<string>();
  #group: Write[] = [];
  violation: Violation | null = null;
  readonly nonces: TxNonceJudge;

  constructor(
    private readonly server: MemoryServer,
    private readonly cluster: TxCluster,
    private readonly journal: TxJournal,
    private readonly writerNow: () => string | null,
  ) {
    this.nonces = new TxNonceJudge(server, journal, (what) => this.#fail('I9', what));
    server.listen((collection, { id, operation }) => {
      if (operation === 'delete' && collection === REQUESTS) this.#fail('I9', `${String(id)} was removed`);
      this.#group.push({ collection, id: String(id) });
      // A commit's writes come all at once: when they are through, the group is what one transaction did.
      if (this.#group.length === 1) queueMicrotask(() => this.#lookAtGroup());
    });
  }

  get requests(): readonly ManagedTransaction[] {
    return [...this.#requests.values()];
  }

  /** I9: bytes are stored before anybody gets them. */
  onBytes({ signature }: Wire): void {
    if (!this.#owners.has(signature)) this.#fail('I9', `${signature} was sent before it was stored`);
  }

  /** I9: on no chain, final or not, a request has two effects. */
  onBlock({ landed }: Block): void {
    for (const { signature, error } of landed) {
      const owner = this.#owners.get(signature);
      const request = owner === undefined ? undefined : this.#requests.get(owner);
      if (!request) {
        this.#fail('I9', `${signature} landed, and no request has it`);
        continue;
      }
      if (error === null && this.#effects(request).length > 1) this.#fail('I9', `${request.id} has two effects`);
      if (isResting(request.state) && request.state !== 'finalized' && error === null) {
        this.#fail('I9', `${request.id} is ${request.state} and has an effect now`);
      }
    }
  }

  /** What a client was told stays so, and what it was told of is kept. */
  onTold(transaction: ManagedTransaction): void {
    const stored = this.#requests.get(transaction.id);
    if (!stored) this.#fail('I9', `${transaction.id} was acknowledged and is not stored`);
    this.#accepted.add(transaction.id);
    if (isResting(transaction.state)) this.#told.set(transaction.id, transaction);
  }

  /** What has not come to rest, of what was acknowledged or stored. */
  unrested(): string[] {
    const missing = [...this.#accepted].filter((id) => !this.#requests.has(id)).map((id) => `${id} is lost`);
    const open = this.requests
      .filter(({ state }) => !isResting(state))
      .map(({ id, state, attempts }) => `${id} is still ${state} with ${attempts.length} versions`);
    return [...missing, ...open];
  }

  /** When nothing moves any more: every state says what is on the chain, and no number is leaked. */
  lookAtEnd(): void {
    for (const request of this.#requests.values()) {
      const effects = this.#effects(request).length;
      if (effects !== (request.state === 'finalized' ? 1 : 0)) {
        this.#fail('I9', `${request.id} is ${request.state} and has ${effects} effects`);
      }
    }
    for (const [id, told] of this.#told) {
      const { state } = this.#requests.get(id) ?? told;
      if (state !== told.state) this.#fail('I9', `a client was told that ${id} is ${told.state}, and it is ${state}`);
    }
    for (let row = 0; row < ROWS; row++) this.#lookAtNumbers(row);
  }

  /** I10: every number of a row is on the chain, free, or was left to somebody else who had it. */
  #lookAtNumbers(row: number): void {
    const id = `row/${row}`;
    const counter = this.#counter(id);
    const taken = this.cluster.tip?.bank.rows.get(rowAddress(row))?.taken ?? new Set<bigint>();
    for (const { allocation, state } of this.#requests.values()) {
      if (allocation?.counter !== id || state === 'finalized') continue;
      const { index } = allocation;
      const isBack = counter?.free.includes(index) === true || taken.has(index);
      if (!isBack && !this.#left.has(`${id}/${index}`)) this.#fail('I10', `number ${index} of ${id} is leaked`);
    }
    if (counter && counter.free.some((index) => index >= counter.next)) this.#fail('I10', `${id} is out of order`);
  }

  #counter(id: string): IndexCounter | null {
    const stored = storedDocument(this.server, 'index_counters', id);
    return stored ? ({ ...(fromStored(stored) as object), id } as IndexCounter) : null;
  }

  #effects({ attempts }: ManagedTransaction): Attempt[] {
    return attempts.filter(({ signature }) => this.cluster.landed(signature)?.error === null);
  }

  #lookAtGroup(): void {
    const group = this.#group;
    this.#group = [];
    const touched = new Set(group.filter(({ collection }) => collection === REQUESTS).map(({ id }) => id));
    for (const id of touched) {
      const stored = storedDocument(this.server, REQUESTS, id);
      if (!stored) continue;
      const { _id, ...rest } = fromStored(stored) as { _id: string } & Omit<ManagedTransaction, 'id'>;
      const after: ManagedTransaction = { id: _id, ...rest };
      const before = this.#requests.get(id);
      this.#requests.set(id, after);
      if (!before) this.#lookAtNew(after);
      else this.#lookAtChange(before, after, group);
    }
    if (touched.size > 0) this.#lookAtAllocations(touched);
    if (group.some(({ collection }) => collection === NONCES)) this.nonces.lookAtAll(this.#requests);
  }

  #lookAtNew({ id, state, fence, attempts }: ManagedTransaction): void {
    if (state !== 'pending' || fence !== 0 || attempts.length > 0) this.#fail('I9', `${id} began as ${state}`);
  }

  #lookAtChange(before: ManagedTransaction, after: ManagedTransaction, group: readonly Write[]): void {
    if (isDeepStrictEqual({ ...before, ...WISH_FIELDS }, { ...after, ...WISH_FIELDS })) return;
    const { id, journal } = { ...after, journal: this.journal };
    this.#lookAtLease(after, group);
    if (isResting(before.state)) {
      if (!this.#isReconciled(before, after)) this.#fail('I9', `${id} was ${before.state} for good and was changed`);
      return;
    }
    this.#lookAtAttempts(before, after);
    if (before.fence > 0 && after.fence > before.fence) journal.recovered('taken up by another holder');
    if (before.allocation && after.allocation && before.allocation.index !== after.allocation.index) {
      this.#left.add(`${before.allocation.counter}/${before.allocation.index}`);
      journal.recovered('planned again after a lost race');
    }
    const isPlannedAnew =
      after.attempts.length > 0 &&
      before.instructions.length > 0 &&
      before.state === 'pending' &&
      after.state === 'signed' &&
      !isDeepStrictEqual(before.instructions, after.instructions);
    if (isPlannedAnew) journal.recovered('planned again after a lost race');
    if (after.state !== before.state) this.#lookAtState(before, after);
  }

  /** Of what rests only this is changed: a number that nobody has is free again, and so is none of its own any more. */
  #isReconciled({ allocation, ...before }: ManagedTransaction, after: ManagedTransaction): boolean {
    const rest = { ...WISH_FIELDS, allocation: null, fence: 0 };
    if (!allocation || after.allocation || !isDeepStrictEqual({ ...before, ...rest }, { ...after, ...rest }))
      return false;
    return this.#counter(allocation.counter)?.free.includes(allocation.index) === true;
  }

  /** I8: written under the lease of its signer, by its holder, with its fence, the lease touched last. */
  #lookAtLease({ id, signer, fence }: ManagedTransaction, group: readonly Write[]): void {
    const name = signerLease(signer);
    const last = group.at(-1);
    if (last?.collection !== 'leases' || last.id !== name) {
      this.#fail('I8', `${id} was written without touching ${name} last`);
    }
    const lease = storedDocument(this.server, 'leases', name);
    if (lease?.['fence'] !== fence) {
      this.#fail('I8', `${id} was written with the fence ${fence}, and it is ${String(lease?.['fence'])}`);
    }
    const writer = this.writerNow();
    if (writer !== null && lease?.['holder'] !== writer) {
      this.#fail('I8', `${writer} wrote ${id} while ${String(lease?.['holder'])} held the lease`);
    }
  }

  /** I9: versions stay as they are, and another one is only signed when all before it can never land. */
  #lookAtAttempts(before: ManagedTransaction, after: ManagedTransaction): void {
    for (const [position, attempt] of before.attempts.entries()) {
      const now = after.attempts[position];
      const isSame = now?.signature === attempt.signature && Buffer.compare(now.wire, attempt.wire) === 0;
      if (!isSame) this.#fail('I9', `version ${position} of ${after.id} was lost or changed`);
      if (now?.expiredAt && !attempt.expiredAt && !this.#isDead(attempt)) {
        this.#fail('I5', `${after.id}: version ${position} counts as expired, and it can still land or has landed`);
      }
    }
    for (const attempt of after.attempts.slice(before.attempts.length)) {
      const owner = this.#owners.get(attempt.signature);
      if (owner !== undefined && owner !== after.id) this.#fail('I9', `${owner} and ${after.id} share their bytes`);
      this.#owners.set(attempt.signature, after.id);
      this.nonces.lookAtAttempt(after.id, attempt);
      if (before.attempts.length === 0) continue;
      const living = before.attempts.filter(({ expiredAt }) => expiredAt === null);
      const isRaise = living.some((one) => isOverSameNonce(one, attempt));
      this.journal.recovered(isRaise ? 'offered more over the same nonce' : 'signed again after proof');
      // Of two over one value of a nonce only one can ever land.
      const alive = before.attempts.filter((one) => !this.#isDead(one) && !isOverSameNonce(one, attempt));
      if (alive.length > 0) this.#fail('I9', `${after.id} was signed again while version 0…${alive.length} can land`);
    }
  }

  #lookAtState(before: ManagedTransaction, after: ManagedTransaction): void {
    const { cluster, journal } = this;
    const { id, state, signature, slot, attempts, refusal } = after;
    const landed = signature === null ? undefined : cluster.landed(signature);
    const isFinal = landed !== undefined && landed.slot === slot && cluster.isFinal(landed.slot);
    const isAllDead = attempts.every((attempt) => this.#isDead(attempt));
    const false_ = (why: string) => this.#fail('I9', `${id} became ${state}, and ${why}`);
    switch (state) {
      case 'confirmed':
        if (signature === null || slot === null || !cluster.wasIn(signature, slot)) false_('it was in no such block');
        return;
      case 'finalized':
        if (!isFinal || landed.error !== null) false_(`it is not so on the chain`);
        journal.recovered('landed and became final');
        if (before.state === 'confirmed' && before.slot !== slot) journal.recovered('landed again in another slot');
        return;
      case 'failed':
        if (refusal?.stage === 'landed') {
          if (!isFinal || landed.error === null) false_('it did not fail for good on the chain');
          journal.recovered('failed on chain');
        } else {
          if (!isAllDead) false_('a version of it can still land');
          journal.recovered('refused before anything was signed');
        }
        break;
      case 'expired':
        if (!isAllDead) false_('a version of it can still land, or has');
        journal.recovered('expired for good');
        break;
      case 'cancelled':
        if (!isAllDead) false_('a version of it can still land, or has');
        break;
      case 'sent':
        if (before.state === 'confirmed') journal.recovered('not seen any more after it was confirmed');
        return;
      default:
        return;
    }
    if (!after.allocation) return;
    const { counter, index } = after.allocation;
    const wasLost = refusal !== null && after.races.includes(refusal.name);
    if (wasLost) this.#left.add(`${counter}/${index}`);
    if (!this.#counter(counter)?.free.includes(index)) return;
    if (wasLost) this.#fail('I10', `${id} gave ${counter}/${index} back, which somebody else has`);
    this.#freed.add(`${counter}/${index}`);
    journal.recovered('number given back');
  }

  /** I10: no two requests have the same number, unless the one before has none of it any more. */
  #lookAtAllocations(touched: ReadonlySet<string>): void {
    const having = new Map<string, string>();
    for (const { id, allocation, state } of this.#requests.values()) {
      const isOver = state === 'failed' || state === 'expired' || state === 'cancelled';
      if (!allocation || isOver) continue;
      const number = `${allocation.counter}/${allocation.index}`;
      const other = having.get(number);
      if (other !== undefined) this.#fail('I10', `${other} and ${id} both have the number ${number}`);
      having.set(number, id);
      if (touched.has(id) && this.#freed.delete(number)) this.journal.recovered('number of another one used again');
    }
  }

  #isDead({ signature, lifetime }: Attempt): boolean {
    return this.cluster.isDead(signature, lifetime);
  }

  #fail(invariant: string, what: string): void {
    this.violation ??= new Violation(`${invariant}: ${what}`);
  }
}
