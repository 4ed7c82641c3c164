/** A JSON-RPC answer, without its envelope. */
export type ForkAnswer = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

/** Asks the real chain, with other parameters where they are given. */
export type Forward = (method: string, params: unknown) => Promise<ForkAnswer>;

/** What a fork did to a transaction: dropped, or landed in another slot. */
type Fate = { readonly kind: 'vanished' } | { readonly kind: 'moved'; readonly toSlot: number };

interface Listed {
  readonly signature: string;
  readonly slot: number;
  readonly confirmationStatus?: string | null;
}

/**
 * The answers of a node on another fork than the real chain's, which never forks by itself: chosen transactions are not
 * in their block, or in another one. Everything a node says of transactions agrees with that: statuses, histories,
 * blocks, their hashes and the transactions themselves. Accounts are the real chain's.
 */
export class ForkLies {
  readonly #fates = new Map<string, Fate>();
  /** Where each of them landed in truth. */
  readonly #truth = new Map<string, number>();
  readonly #changedSlots = new Set<number>();

  vanish(signature: string, slot: number): void {
    this.#decide(signature, slot, { kind: 'vanished' });
  }

  /** Landed in another slot; also for one that had vanished. */
  move(signature: string, slot: number, toSlot: number): void {
    this.#decide(signature, slot, { kind: 'moved', toSlot });
    this.#changedSlots.add(toSlot);
  }

  /** The methods it has something else to say to than the chain. */
  static readonly METHODS = ['getSignatureStatuses', 'getTransaction', 'getSignaturesForAddress', 'getBlock'] as const;

  async answer(method: string, params: unknown, forward: Forward): Promise<ForkAnswer> {
    const given = params as unknown[];
    const answer = await forward(method, params);
    if (this.#fates.size === 0) return answer;
    if (method === 'getBlock') return this.#block(Number(given[0]), answer);
    if (!('result' in answer) || answer.result === null) return answer;
    const finalized = await finalizedSlot(forward);
    switch (method) {
      case 'getSignatureStatuses': {
        const { value, ...rest } = answer.result as { value: (Record<string, unknown> | null)[] };
        const signatures = given[0] as string[];
        const changed = value.map((status, at) => status && this.#status(signatures[at] ?? '', status, finalized));
        return { result: { ...rest, value: changed } };
      }
      case 'getTransaction': {
        const fate = this.#fates.get(String(given[0]));
        if (!fate) return answer;
        const { commitment } = (given[1] ?? {}) as { commitment?: string };
        if (fate.kind === 'vanished') return { result: null };
        if (commitment !== 'confirmed' && fate.toSlot > finalized) return { result: null };
        return { result: { ...(answer.result as object), slot: fate.toSlot } };
      }
      case 'getSignaturesForAddress':
        return { result: this.#list(answer.result as Listed[], finalized) };
      default:
        return answer;
    }
  }

  #decide(signature: string, slot: number, fate: Fate): void {
    this.#fates.set(signature, fate);
    this.#truth.set(signature, slot);
    this.#changedSlots.add(slot);
  }

  #status(signature: string, status: Record<string, unknown>, finalized: number): Record<string, unknown> | null {
    const fate = this.#fates.get(signature);
    if (!fate) return status;
    if (fate.kind === 'vanished') return null;
    const settled = fate.toSlot <= finalized;
    return {
      ...status,
      slot: fate.toSlot,
      confirmations: settled ? null : 1,
      confirmationStatus: settled ? 'finalized' : 'confirmed',
    };
  }

  #list(entries: readonly Listed[], finalized: number): Listed[] {
    return entries
      .flatMap((entry): Listed[] => {
        const fate = this.#fates.get(entry.signature);
        if (!fate) return [entry];
        if (fate.kind === 'vanished') return [];
        const confirmationStatus = fate.toSlot <= finalized ? 'finalized' : 'confirmed';
        return [{ ...entry, slot: fate.toSlot, confirmationStatus }];
      })
      .sort((one, other) => other.slot - one.slot);
  }

  #block(slot: number, answer: ForkAnswer): ForkAnswer {
    if (!('result' in answer) || answer.result === null || !this.#changedSlots.has(slot)) return answer;
    const block = answer.result as { blockhash: string; signatures?: string[] };
    const blockhash = [...block.blockhash].reverse().join('');
    if (!block.signatures) return { result: { ...block, blockhash } };
    const stayed = block.signatures.filter((signature) => !this.#fates.has(signature));
    const arrived = [...this.#fates].flatMap(([signature, fate]) =>
      fate.kind === 'moved' && fate.toSlot === slot ? [signature] : [],
    );
    return { result: { ...block, blockhash, signatures: [...stayed, ...arrived] } };
  }
}

async function finalizedSlot(forward: Forward): Promise<number> {
  const answer = await forward('getSlot', [{ commitment: 'finalized' }]);
  return 'result' in answer ? Number(answer.result) : 0;
}
