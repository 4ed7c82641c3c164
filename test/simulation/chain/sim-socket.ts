import type { LogSocket, LogSocketEvents } from '../../../src/chain/log-socket.js';
import type { Journal } from '../journal.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import type { Block, Cluster, Landed } from './cluster.js';
import type { NodeSwitches } from './node-switches.js';
import { renderLogs } from './render.js';

const PLACEHOLDER_SIGNATURE = '1'.repeat(64);

/** A process's WebSocket to a node. */
export class SimSocket implements LogSocket {
  #isOpen = false;
  #isOver = false;
  #logs: number | null = null;
  #slots: number | null = null;
  #lastArrivalMs = 0;

  constructor(
    private readonly process: SimProcess,
    private readonly cluster: Cluster,
    private readonly switches: NodeSwitches,
    private readonly random: Random,
    private readonly journal: Journal,
    private readonly events: LogSocketEvents,
    private readonly nowMs: () => number,
  ) {
    process.after(random.between(2, 30), () => {
      if (this.#isOver) return;
      if (switches.refusesSockets) {
        journal.fault('socket refused');
        this.#end('connection refused');
        return;
      }
      if (switches.isHalfOpen) return;
      this.#isOpen = true;
      events.onOpen();
    });
  }

  get isOver(): boolean {
    return this.#isOver || this.process.isDead;
  }

  send(text: string): void {
    const { id, method } = JSON.parse(text) as { id: number; method: string };
    if (!this.#passes()) return;
    const subscription = id + 100;
    if (method === 'logsSubscribe') this.#logs = subscription;
    else if (method === 'slotSubscribe') this.#slots = subscription;
    this.#arrive({ jsonrpc: '2.0', id, result: subscription });
  }

  ping(): void {
    if (!this.#passes()) return;
    this.process.after(this.random.between(1, 20), () => {
      if (!this.#isOver) this.events.onPong();
    });
  }

  terminate(): void {
    this.#isOver = true;
  }

  /** The connection breaks, and both sides know. */
  cut(): void {
    this.process.after(1, () => this.#end('close code 1006'));
  }

  /** The node has reached a slot. */
  onSlot(slot: number, root: number): void {
    if (this.#slots === null) return;
    const result = { slot, parent: slot - 1, root };
    this.#notify('slotNotification', this.#slots, result);
  }

  /** A block has become confirmed on the node. */
  onBlock(block: Block): void {
    if (this.#logs === null) return;
    const { switches, journal, random } = this;
    if (random.chance(0.02)) this.#notifyLogs(PLACEHOLDER_SIGNATURE, block.slot, false, []);
    for (const landed of block.landed) {
      if (switches.announcesPhantoms && random.chance(0.5)) {
        const phantom = this.cluster.phantomOf(landed);
        if (phantom) journal.fault('executions that never landed', phantom.signature.slice(0, 8));
        for (let copy = 0; phantom && copy < 1 + random.whole(4); copy++) this.#notifyLanded(phantom);
      }
      this.#notifyLanded(landed);
    }
  }

  #notifyLanded({ signature, slot, failed, events, appearance }: Landed): void {
    if (appearance.logLines !== null) this.journal.fault('logs cut off');
    if (!this.switches.keepsLogs) this.journal.fault('logs not kept');
    this.#notifyLogs(signature, slot, failed, this.switches.keepsLogs ? renderLogs(events, appearance) : null);
  }

  #notifyLogs(signature: string, slot: number, failed: boolean, logs: readonly string[] | null): void {
    const err = failed ? { InstructionError: [0, { Custom: 6_000 }] } : null;
    this.#notify('logsNotification', this.#logs ?? 0, { context: { slot }, value: { signature, err, logs } });
  }

  #notify(method: string, subscription: number, result: unknown): void {
    if (!this.#passes()) return;
    const { switches, random, journal } = this;
    if (switches.dropShare > 0 && random.chance(switches.dropShare)) {
      journal.fault('notifications dropped');
      return;
    }
    for (let copy = 0; copy <= switches.copies; copy++) {
      if (copy > 0) journal.fault('notifications doubled');
      this.#arrive({ jsonrpc: '2.0', method, params: { subscription, result } });
    }
  }

  /** In the order sent, unless something in between mixes messages up. */
  #arrive(message: unknown): void {
    const { random, switches, journal } = this;
    const text = JSON.stringify(message);
    let at = this.nowMs() + random.between(1, 30);
    if (switches.disorderMs > 0) {
      journal.fault('notifications out of order');
      at += random.between(0, switches.disorderMs);
    } else {
      at = Math.max(at, this.#lastArrivalMs);
      this.#lastArrivalMs = at;
    }
    this.process.after(at - this.nowMs(), () => {
      if (!this.#isOver && this.#isOpen) this.events.onMessage(text);
    });
  }

  #passes(): boolean {
    if (this.#isOver || !this.#isOpen) return false;
    if (this.switches.isHalfOpen) this.journal.fault('socket half-open');
    return !this.switches.isHalfOpen;
  }

  #end(detail: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.events.onClose(detail);
  }
}
