import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { nodeArguments } from '../../src/dev/node-arguments.js';

interface SharedOptions {
  readonly uri: string;
  readonly database: string;
  readonly termMs: number;
  readonly keys: readonly string[];
}

/** What a node of the bench is given. */
export interface RoutingNodeOptions extends SharedOptions {
  readonly holder: string;
}

const CHILD = nodeArguments('routing-child', import.meta.url);

/** Nodes that share keys, each in a process of its own. */
export class RoutingNodes {
  readonly #nodes: { readonly holder: string; readonly process: ChildProcess }[] = [];

  constructor(private readonly options: SharedOptions) {}

  start(): void {
    const holder = randomUUID();
    const args = [...CHILD, JSON.stringify({ ...this.options, holder } satisfies RoutingNodeOptions)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#nodes.push({ holder, process: child });
  }

  /** Whether this node really lives, whatever anybody could know of it. */
  lives(holder: string): boolean {
    return this.#nodes.some((node) => node.holder === holder);
  }

  /** The one that runs for the longest time is killed (-9), and another one started in its place. */
  async replaceOldest(): Promise<void> {
    await this.#killOldest();
    this.start();
  }

  async stop(): Promise<void> {
    while (this.#nodes.length > 0) await this.#killOldest();
  }

  async #killOldest(): Promise<void> {
    const node = this.#nodes.shift()?.process;
    if (!node || node.exitCode !== null || node.signalCode !== null) return;
    const ended = new Promise((resolve) => node.once('exit', resolve));
    node.kill('SIGKILL');
    await ended;
  }
}
