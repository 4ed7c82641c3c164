import type { StoredNonce } from '../../../src/transactions/nonces/stored-nonce.js';
import type { Attempt, ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { isResting } from '../../../src/transactions/transaction-machine.js';
import type { MemoryServer } from '../memory-mongo/memory-server.js';
import { storedDocuments } from '../stored.js';
import type { TxJournal } from './tx-journal.js';

/** Whether two versions are signed over one value of one nonce account, so that only one of them can land. */
export function isOverSameNonce({ lifetime: one }: Attempt, { lifetime: other }: Attempt): boolean {
  return one.kind === 'nonce' && other.kind === 'nonce' && one.account === other.account && one.value === other.value;
}

/** Watches who has which nonce account: nobody gets a value over which somebody else's bytes may land, and none is leaked. */
export class TxNonceJudge {
  /** `<account>/<value>`: the request that signed over it. */
  readonly #signed = new Map<string, string>();
  readonly #used = new Set<string>();
  #requests: ReadonlyMap<string, ManagedTransaction> = new Map();

  constructor(
    private readonly server: MemoryServer,
    private readonly journal: TxJournal,
    private readonly fail: (what: string) => void,
  ) {}

  /** One value stands for one request: over two requests' bytes nobody could say which of them can land. */
  lookAtAttempt(id: string, { lifetime }: Attempt): void {
    if (lifetime.kind !== 'nonce') return;
    const { account, value } = lifetime;
    const key = `${account}/${value}`;
    const other = this.#signed.get(key);
    if (other !== undefined && other !== id)
      this.fail(`${other} and ${id} are signed over the same value of ${account}`);
    if (other === undefined && this.#used.has(account)) this.journal.recovered('nonce used again');
    this.#signed.set(key, id);
    this.#used.add(account);
  }

  /** What is free for whoever comes next has a value over which nothing is signed. */
  lookAtAll(requests: ReadonlyMap<string, ManagedTransaction>): void {
    for (const { _id, state, value, claimedBy } of this.#stored()) {
      const signer = this.#signed.get(`${_id}/${value}`);
      if (state === 'available' && signer !== undefined) {
        this.fail(`${_id} is available, and ${signer} is signed over the value it is said to have`);
      }
      if (state === 'claimed' && (claimedBy === null || !requests.has(claimedBy))) {
        this.fail(`${_id} is claimed by ${claimedBy}, which does not exist`);
      }
    }
    this.#requests = requests;
  }

  /** What somebody has for ever, or nobody gets any more. */
  unrested(): string[] {
    return this.#stored().flatMap(({ _id, state, claimedBy, used, reason }) => {
      if (state === 'available') return [];
      const owner = claimedBy === null ? undefined : this.#requests.get(claimedBy);
      if (state === 'claimed' && owner && !isResting(owner.state)) return [];
      return [`nonce ${_id} is still ${state}${used ? ', used' : ''}${reason === null ? '' : `, ${reason}`}`];
    });
  }

  #stored(): readonly StoredNonce[] {
    return storedDocuments(this.server, 'nonce_accounts') as unknown as readonly StoredNonce[];
  }
}
