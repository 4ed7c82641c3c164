import type { CouponsAccounts } from '../../../idl/coupons.js';
import type { CouponEvent } from '../../support/coupon-history.js';

type Type = keyof CouponsAccounts;
interface Entry {
  readonly type: Type;
  readonly account: CouponsAccounts[Type];
}

/** The accounts of the program after some block. Never changed: a block makes a new one, so that a fork can go back. */
export type Bank = ReadonlyMap<string, Entry>;

/** What one transaction does to a bank: a copy that is kept only if the whole transaction succeeds. */
export class BankDraft {
  readonly #changed = new Map<string, Entry | null>();

  constructor(private readonly before: Bank) {}

  get<T extends Type>(type: T, address: string): CouponsAccounts[T] | undefined {
    const entry = this.#changed.has(address) ? this.#changed.get(address) : this.before.get(address);
    return entry?.type === type ? (entry.account as CouponsAccounts[T]) : undefined;
  }

  set<T extends Type>(type: T, address: string, account: CouponsAccounts[T]): void {
    this.#changed.set(address, { type, account });
  }

  /** Changes some fields and raises the revision, as the program does. Returns the account as it is then. */
  change<T extends Type>(
    type: T,
    address: string,
    change: (account: CouponsAccounts[T]) => Partial<CouponsAccounts[T]>,
  ): CouponsAccounts[T] {
    const account = this.get(type, address);
    if (!account) throw new Error(`no ${type} ${address}`);
    const next = { ...account, revision: account.revision + 1n, ...change(account) };
    this.set(type, address, next);
    return next;
  }

  remove(address: string): void {
    this.#changed.set(address, null);
  }

  commit(): Bank {
    const after = new Map(this.before);
    for (const [address, entry] of this.#changed) {
      if (entry) after.set(address, entry);
      else after.delete(address);
    }
    return after;
  }
}

/** One instruction with its arguments. Null: the accounts do not permit it, and its whole transaction fails. */
export type Instruction = (bank: BankDraft, now: bigint) => CouponEvent[] | null;

/** Runs the instructions of a transaction on a bank: all of them, or none. */
export function execute(
  bank: Bank,
  instructions: readonly Instruction[],
  now: bigint,
): { readonly failed: boolean; readonly events: readonly CouponEvent[]; readonly after: Bank } {
  const draft = new BankDraft(bank);
  const events: CouponEvent[] = [];
  for (const instruction of instructions) {
    const emitted = instruction(draft, now);
    if (emitted === null) return { failed: true, events: [], after: bank };
    events.push(...emitted);
  }
  return { failed: false, events, after: draft.commit() };
}
