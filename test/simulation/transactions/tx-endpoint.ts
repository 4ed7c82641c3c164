import { RpcError } from '../../../src/chain/rpc-error.js';
import type { PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import type { RpcRequest } from '../../../src/chain/rpc-transport.js';
import type { Random } from '../random.js';
import { refusalOf } from '../refusal.js';
import type { SimProcess } from '../sim-process.js';
import type { TxJournal } from './tx-journal.js';
import { isNoAnswer, type TxNode } from './tx-node.js';

/** How long a process waits for an answer, milliseconds: shorter than in production, as slots are. */
const TIMEOUT_MS = 1_500;

/** A process's way to a node over HTTP: there and back takes time, and either can fail. */
export class TxEndpoint implements PooledEndpoint {
  readonly name: string;

  constructor(
    private readonly node: TxNode,
    private readonly process: SimProcess,
    private readonly random: Random,
    private readonly journal: TxJournal,
  ) {
    this.name = node.name;
  }

  call<T>({ method, params, read }: RpcRequest<T>): Promise<T> {
    const { process, random, node, journal } = this;
    const { switches } = node;
    return new Promise<T>((resolve, reject) => {
      const fail = (error: RpcError, afterMs: number) => process.after(afterMs, () => reject(error));
      // Whatever becomes of the process, what it has sent arrives.
      process.send(random.between(1, 8), () => {
        const refusal = refusalOf(switches);
        if (!refusal) return this.#answer(method, params, read, resolve, fail);
        journal.fault(refusal.fault);
        const { error, comes } = refusal;
        const wayBackMs = () => random.between(1, 8);
        fail(error, comes === 'at-once' ? 1 : comes === 'after-time-out' ? TIMEOUT_MS : wayBackMs());
      });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer<T>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => T,
    resolve: (answer: T) => void,
    fail: (error: RpcError, afterMs: number) => void,
  ): void {
    const backMs = this.random.between(1, 12);
    try {
      const result = this.node.answer(method, params);
      this.process.after(backMs, () => {
        try {
          resolve(read(result));
        } catch (error) {
          // As the production endpoint says it: an answer of another shape is a failure, never truth.
          fail(new RpcError('malformed-answer', `${method}: ${String(error)}`), 0);
        }
      });
    } catch (error) {
      if (isNoAnswer(error)) fail(new RpcError('timeout', 'no answer'), TIMEOUT_MS);
      else if (error instanceof RpcError) fail(error, backMs);
      else throw error;
    }
  }
}
