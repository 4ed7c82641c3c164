import { advancedNonces } from './sim-nonces.js';
import { meddled, nextNumber, rowAddress, type Bank } from './sim-program.js';
import type { Wire } from './sim-wire.js';
import type { TxCluster } from './tx-cluster.js';
import type { TxJournal } from './tx-journal.js';

/** Others who use the same program: what they do, a fork can drop like everything else. */
export class TxRivals {
  constructor(
    private readonly cluster: TxCluster,
    private readonly journal: TxJournal,
  ) {}

  /** Somebody who sees bytes on their way is faster. */
  overtake({ called }: Wire): void {
    for (const { row, action } of called) {
      if (action.kind === 'take') this.#take(row, action.number);
      if (action.kind === 'next') this.#move(row);
    }
  }

  takes(row: number): void {
    this.#take(rowAddress(row), null);
  }

  moves(row: number): void {
    this.#move(rowAddress(row));
  }

  /** Somebody else who has the key advances a nonce account: whatever is signed over its value is over. */
  advances(account: string): void {
    this.journal.fault('nonce advanced by somebody else', account);
    this.cluster.meddle((bank, moment) => ({ ...bank, nonces: advancedNonces(bank.nonces, account, moment) }));
  }

  /** Until the returned function is called. */
  closes(row: number): () => void {
    this.journal.fault('row closed by somebody else', `row ${row}`);
    const set = (isClosed: boolean) => {
      const close = (bank: Bank) => meddled(bank, rowAddress(row), (before) => ({ ...before, isClosed }));
      this.cluster.meddle(close, !isClosed);
    };
    set(true);
    return () => set(false);
  }

  /** A payer can pay no fee until the returned function is called. */
  empties(payer: string): () => void {
    const { journal, cluster } = this;
    journal.fault('payer out of funds', payer);
    cluster.meddle((bank) => ({ ...bank, broke: new Set([...bank.broke, payer]) }));
    const fill = (bank: Bank) => ({ ...bank, broke: new Set([...bank.broke].filter((one) => one !== payer)) });
    return () => cluster.meddle(fill, true);
  }

  #take(address: string, number: bigint | null): void {
    this.journal.fault('number taken by somebody else', address);
    this.cluster.meddle((bank) =>
      meddled(bank, address, (row) => ({ ...row, taken: new Set([...row.taken, number ?? nextNumber(row)]) })),
    );
  }

  #move(address: string): void {
    this.journal.fault('row moved on by somebody else', address);
    this.cluster.meddle((bank) => meddled(bank, address, (row) => ({ ...row, serial: row.serial + 1n })));
  }
}
