import type { VersionedTransaction } from '@solana/web3.js';
import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { SharedAnswer } from '../lib/shared-answer.js';
import {
  compileTransaction,
  NO_BUDGET,
  wireBytes,
  writableAccounts,
  type NonceUse,
  type UnsignedTransaction,
} from './compile-transaction.js';
import { MAX_COMPUTE_UNITS, raisedUnitPrice, unitLimit, unitPrice, type FeePolicy } from './fee-policy.js';
import type { Attempt, AttemptFee, Lifetime } from './managed-transaction.js';
import { describeRefusal, type ErrorCatalog, type ProgramRefusal } from './program-refusal.js';

interface ComposerDeps {
  readonly chain: Pick<ChainPort, 'latestBlockhash' | 'simulateTransaction' | 'recentPriorityFees' | 'accounts'>;
  readonly fees: FeePolicy;
  readonly catalogs: readonly ErrorCatalog[];
  readonly clock: Clock;
}

/** What a version is composed for. */
export interface CompositionOrder {
  readonly unsigned: UnsignedTransaction;
  /** The version before it, whose offer was too low or whose time was too short. */
  readonly previous?: Attempt | undefined;
  /** Over this nonce; left out: over the newest blockhash. */
  readonly nonce?: (NonceUse & { readonly value: string; readonly asOfSlot: number }) | undefined;
  /** Whether to find out what the payer's balance changes by. */
  readonly withBalance?: boolean;
}

/** A transaction that the chain would take, ready to be signed. */
export interface Composition {
  readonly kind: 'composed';
  readonly lifetime: Lifetime;
  /**
   * The n-th way to write it: the same effect in other bytes, so that requests that say the same do not share theirs. Null
   * where there is no other way.
   */
  readonly version: (twin: number) => { readonly transaction: VersionedTransaction; readonly fee: AttemptFee } | null;
  /** What the payer's balance changed by in the simulation, in lamports, less the fee for signatures; null: not known. */
  readonly balanceChange: bigint | null;
}

/** Or the chain's no, before anything was signed. */
export type Composed = Composition | { readonly kind: 'refused'; readonly refusal: ProgramRefusal };

type BlockhashLifetime = Extract<Lifetime, { kind: 'blockhash' }>;

/** One blockhash serves what is composed within this time: it lives for a minute. */
const BLOCKHASH_FRESH_MS = 300;
const SIMULATION_FEE: AttemptFee = { unitLimit: MAX_COMPUTE_UNITS, unitPrice: 0 };
/** Requests that are the same to the byte and come in the same moment. */
const MOST_TWINS = 1_000;

/** Simulates and decides what to pay. Signs, stores and sends nothing. */
export class TransactionComposer {
  readonly #latestBlockhash: SharedAnswer<BlockhashLifetime>;

  constructor(private readonly deps: ComposerDeps) {
    const { chain, clock } = deps;
    this.#latestBlockhash = new SharedAnswer(clock, BLOCKHASH_FRESH_MS, async () => {
      const { blockhash, lastValidBlockHeight } = await chain.latestBlockhash('confirmed');
      return { kind: 'blockhash', blockhash, lastValidBlockHeight };
    });
  }

  /** @throws RpcError when the chain cannot be asked; MooringError `transaction-too-large`. */
  async compose({ unsigned, previous, nonce, withBalance = false }: CompositionOrder): Promise<Composed> {
    const { chain, catalogs } = this.deps;
    const watched = withBalance ? [unsigned.payer] : [];
    const blockhash = await this.#latestBlockhash.get();
    // Asked here and not as the preflight of a send: a refusal is then certain to be the whole story, because no node
    // has seen any bytes that could still land.
    const [simulated, market, before] = await Promise.all([
      chain.simulateTransaction(fitting(unsigned, blockhash, SIMULATION_FEE).wire, 'confirmed', watched),
      this.#marketPrice(unsigned),
      watched.length === 0 ? null : chain.accounts(watched, 'confirmed'),
    ]);
    if (simulated.err !== null) {
      return { kind: 'refused', refusal: describeRefusal('simulation', simulated.err, simulated.logs, catalogs) };
    }
    const lifetime: Lifetime = nonce
      ? { kind: 'nonce', account: nonce.account, value: nonce.value, asOfSlot: nonce.asOfSlot }
      : await this.#latestBlockhash.get();
    const wanted: AttemptFee = {
      unitLimit: unitLimit(simulated.unitsConsumed),
      unitPrice: this.#price(previous, market),
    };
    const [held, left] = [before?.accounts[0]?.lamports, simulated.accounts[0]?.lamports];
    return {
      kind: 'composed',
      lifetime,
      version: (twin) => {
        const made = fitting(unsigned, lifetime, raised(wanted, twin), nonce);
        return twin >= MOST_TWINS || (twin > 0 && made.fee.unitLimit === null) ? null : made;
      },
      balanceChange: held === undefined || left === undefined ? null : left - held,
    };
  }

  #price(previous: Attempt | undefined, market: number): number {
    if (!previous) return market;
    return raisedUnitPrice(previous.fee.unitPrice, market, this.deps.fees) ?? previous.fee.unitPrice;
  }

  async #marketPrice(unsigned: UnsignedTransaction): Promise<number> {
    const { chain, fees } = this.deps;
    if (fees.cap === 0) return 0;
    try {
      return unitPrice(await chain.recentPriorityFees(writableAccounts(unsigned)), fees);
    } catch (error) {
      // What others pay is worth knowing, not worth waiting for.
      if (error instanceof RpcError) return unitPrice([], fees);
      throw error;
    }
  }
}

/** A limit that differs by one makes other bytes of the same instructions. */
function raised(fee: AttemptFee, by: number): AttemptFee {
  return fee.unitLimit === null || by === 0
    ? fee
    : { ...fee, unitLimit: fee.unitLimit + by > MAX_COMPUTE_UNITS ? fee.unitLimit - by : fee.unitLimit + by };
}

/** With limit and price where there is room for the two instructions, else without. @throws `transaction-too-large` */
function fitting(unsigned: UnsignedTransaction, lifetime: Lifetime, fee: AttemptFee, nonce?: NonceUse) {
  const transaction = compileTransaction(unsigned, lifetime, fee, nonce);
  try {
    return { transaction, fee, wire: wireBytes(transaction) };
  } catch (error) {
    if (!(error instanceof MooringError)) throw error;
    const bare = compileTransaction(unsigned, lifetime, NO_BUDGET, nonce);
    return { transaction: bare, fee: NO_BUDGET, wire: wireBytes(bare) };
  }
}
