import { RpcError } from '../../../src/chain/rpc-error.js';
import type { PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import type { RpcRequest } from '../../../src/chain/rpc-transport.js';
import type { Journal } from '../journal.js';
import type { Random } from '../random.js';
import { refusalOf } from '../refusal.js';
import type { SimProcess } from '../sim-process.js';
import type { NodeRpc } from './node-rpc.js';
import type { NodeSwitches } from './node-switches.js';

/** How long the production endpoint waits for an answer, milliseconds. */
const TIMEOUT_MS = 5_000;

/** A process's way to a node over HTTP: there and back takes time, and either can fail. */
export class SimEndpoint implements PooledEndpoint {
  constructor(
    readonly name: string,
    private readonly process: SimProcess,
    private readonly rpc: NodeRpc,
    private readonly switches: NodeSwitches,
    private readonly random: Random,
    private readonly journal: Journal,
  ) {}

  call<T>({ method, params, read }: RpcRequest<T>): Promise<T> {
    const { process, switches, random, journal } = this;
    return new Promise<T>((resolve, reject) => {
      const fail = (error: RpcError, afterMs: number) => process.after(afterMs, () => reject(error));
      process.after(random.between(1, 15), () => {
        const refusal = refusalOf(switches);
        if (!refusal) return this.#answer(method, params, read, resolve, reject);
        journal.fault(refusal.fault);
        const { error, comes } = refusal;
        const wayBackMs = () => random.between(1, 15);
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
    reject: (error: Error) => void,
  ): void {
    let answer: () => void;
    try {
      const result = this.rpc.answer(method, params);
      answer = () => {
        try {
          resolve(read(result));
        } catch (error) {
          // As the production endpoint says it: an answer of another shape is a failure, never truth.
          reject(new RpcError('malformed-answer', `${method}: ${String(error)}`));
        }
      };
    } catch (error) {
      answer = () => reject(error as Error);
    }
    this.process.after(this.random.between(1, 25), answer);
  }
}
