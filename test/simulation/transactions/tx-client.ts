import type { TransactionDesks } from '../../../src/app/transaction-desks.js';
import type { ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { isResting } from '../../../src/transactions/transaction-machine.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import type { VirtualTime } from '../virtual-time.js';
import { rowsModule } from './sim-program.js';
import { submitRequest, type Asked } from './tx-commands.js';
import type { TxJournal } from './tx-journal.js';

/** A process that answers clients. */
export interface Server {
  readonly process: SimProcess;
  readonly desks: TransactionDesks;
}

interface ClientDeps {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly journal: TxJournal;
  /** Whom a client reaches now, by chance; undefined: nobody. */
  readonly server: () => Server | undefined;
  /** Share of the answers that never arrive. */
  readonly answerLoss: () => number;
  /** Told of every answer as soon as it is given, whether it arrives or not. */
  readonly onTold: (transaction: ManagedTransaction) => void;
}

interface Wish extends Asked {
  readonly patienceMs: number;
}

const NETWORK_MS = { least: 1, most: 30 };
const AGAIN_MS = { least: 50, most: 1_500 };

/** A client that asks until it has the last answer, with the same key, whoever answers. */
export class TxClient {
  /** The key belongs to another body, or the last answer is there. */
  isDone = false;

  constructor(
    private readonly deps: ClientDeps,
    readonly wish: Wish,
  ) {}

  /** Asks once, and again when no last answer comes within a client's patience. */
  ask(): void {
    const { time, random, server, journal } = this.deps;
    if (this.isDone) return;
    let isOver = false;
    const again = (ms: number) => {
      if (isOver) return;
      isOver = true;
      time.after(ms, () => this.ask());
    };
    const pause = () => random.between(AGAIN_MS.least, AGAIN_MS.most);
    time.after(this.wish.patienceMs + 800, () => again(0));
    const reached = server();
    if (!reached) return;
    const { process, desks } = reached;
    const back = (hear: () => void) => {
      if (random.chance(this.deps.answerLoss())) journal.fault('answer lost on its way to the client');
      else process.send(random.between(NETWORK_MS.least, NETWORK_MS.most), hear);
    };
    process.after(random.between(NETWORK_MS.least, NETWORK_MS.most), () => {
      void this.#submit(desks).then(
        (transaction) =>
          back(() => {
            if (transaction === null || isResting(transaction.state)) this.isDone = true;
            else again(pause());
          }),
        // What went wrong is for the client to try again: the key sees to the rest.
        () => back(() => again(pause())),
      );
    });
  }

  /** Null: the key is another body's. */
  async #submit(desks: TransactionDesks): Promise<ManagedTransaction | null> {
    const { patienceMs } = this.wish;
    const context = desks.contexts.get(rowsModule.name);
    if (!context) throw new Error('the program is not installed');
    const outcome = await desks.submitter.submit(submitRequest(this.wish, context), patienceMs);
    if (outcome.kind === 'key-reused') {
      this.deps.journal.recovered('key refused for another body');
      return null;
    }
    if (outcome.repeated) this.deps.journal.recovered('repeated request found');
    this.deps.onTold(outcome.transaction);
    return outcome.transaction;
  }
}
