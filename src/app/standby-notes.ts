import type { mongo } from 'mongoose';
import { readHolder } from '../leases/read-holder.js';
import { readListenerStatus, STATUS_STALE_MS } from '../ledger/listener-status.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';

/** Says that this process waits for a program's lease, once for each process that holds it instead. */
export class StandbyNotes {
  readonly #said = new Map<string, string>();

  constructor(
    private readonly db: mongo.Db,
    private readonly log: Log,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** To be called while the lease is not held here. */
  async note(program: string): Promise<void> {
    const status = await readListenerStatus(this.db, program);
    if (!status || this.#said.get(program) === status.holder) return;
    // What one that has ended left behind is no reason to wait: this process takes the lease in a moment.
    if (this.clock.now() - status.updatedAt.getTime() > STATUS_STALE_MS) return;
    if ((await readHolder(this.db, `program:${program}`)) !== status.holder) return;
    this.#said.set(program, status.holder);
    this.log.info(
      { program, holder: status.holder, lastHeardOf: status.updatedAt.toISOString() },
      'standing by: another process holds the lease of this program; this one takes over when it ends',
    );
  }

  /** The lease is held here now: the next holder is news again. */
  forget(program: string): void {
    this.#said.delete(program);
  }
}
