import { takeIndex, type ChainNumbers } from './index-counter.js';
import type { ManagedTransaction } from './managed-transaction.js';
import type { Replanner } from './replanner.js';
import type { SignerWriter } from './signer-writer.js';

/**
 * Gives each request that needs one a number of its own, under the fence: the highest of what the chain, this process and the
 * database have as the next one. The chain is asked once for each row, and again when somebody else proves to be ahead.
 */
export class NumberTaker {
  readonly #chain = new Map<string, Promise<ChainNumbers>>();
  readonly #next = new Map<string, bigint>();

  constructor(
    private readonly deps: {
      readonly writer: Pick<SignerWriter, 'change'>;
      readonly replanner: Pick<Replanner, 'numbers'>;
    },
  ) {}

  /**
   * The request, taken up by this holder. `anew`: with another number than it has, which proved to be taken.
   * @throws RpcError when the chain cannot be asked; what the writer throws.
   */
  async take(transaction: ManagedTransaction, anew = false): Promise<ManagedTransaction | null> {
    const { writer } = this.deps;
    const { id, counter } = transaction;
    if (counter === null) return writer.change({ id, decide: (now) => now });
    if (anew) this.forget(counter);
    const chain = await this.#numbers(counter, transaction);
    const taken = transaction.allocation?.index;
    const written = await writer.change({
      id,
      counter,
      decide: (now, row) => {
        if (now.state !== 'pending') return null;
        // Another process may have given it one in the meantime, or this one before it was killed.
        if (now.allocation && now.allocation.index !== taken) return now;
        if (now.allocation && !anew) return now;
        const { index, counter: next } = takeIndex(row, chain, this.#next.get(counter) ?? 0n);
        return { transaction: { ...now, allocation: { counter, index } }, counter: next };
      },
    });
    const index = written?.allocation?.index ?? -1n;
    if (index >= (this.#next.get(counter) ?? 0n)) this.#next.set(counter, index + 1n);
    return written;
  }

  /** Asks the chain again at the next request of this row. */
  forget(counter: string): void {
    this.#chain.delete(counter);
  }

  #numbers(counter: string, transaction: ManagedTransaction): Promise<ChainNumbers> {
    const known = this.#chain.get(counter);
    if (known) return known;
    const asked = this.deps.replanner.numbers(transaction);
    this.#chain.set(counter, asked);
    asked.catch(() => this.#chain.delete(counter));
    return asked;
  }
}
