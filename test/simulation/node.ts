import type { LogSocketEvents } from '../../src/chain/log-socket.js';
import type { Cluster } from './chain/cluster.js';
import { NodeRpc } from './chain/node-rpc.js';
import { NodeSwitches } from './chain/node-switches.js';
import { SimSocket } from './chain/sim-socket.js';
import type { NodeFault } from './fault-plan.js';
import type { Journal } from './journal.js';
import type { Random } from './random.js';
import type { SimProcess } from './sim-process.js';

/** A node of the cluster with its RPC, its sockets, and what is wrong with it. */
export class Node {
  readonly switches = new NodeSwitches();
  readonly rpc: NodeRpc;
  #sockets: SimSocket[] = [];
  /** Newest slot whose logs were sent out. */
  #announced: number;
  #faults = 0;
  #honestSinceMs = 0;

  constructor(
    readonly name: string,
    private readonly cluster: Cluster,
    private readonly random: Random,
    private readonly journal: Journal,
    private readonly nowMs: () => number,
  ) {
    this.rpc = new NodeRpc(cluster, this.switches, random, journal);
    this.#announced = cluster.head;
  }

  open(process: SimProcess, events: LogSocketEvents): SimSocket {
    const { cluster, switches, random, journal, nowMs } = this;
    const socket = new SimSocket(process, cluster, switches, random, journal, events, nowMs);
    this.#sockets.push(socket);
    return socket;
  }

  cutSockets(): void {
    for (const socket of this.#sockets) socket.cut();
    if (this.#sockets.length > 0) this.journal.fault('socket cut', this.name);
    this.#sockets = [];
  }

  /** Tells its sockets what is new to it. */
  announce(): void {
    this.#sockets = this.#sockets.filter((socket) => !socket.isOver);
    const { head } = this.rpc;
    for (const socket of this.#sockets) socket.onSlot(head, this.cluster.finalizedAt(head));
    for (; this.#announced < this.cluster.confirmedAt(head); this.#announced++) {
      const block = this.cluster.blockAt(this.#announced + 1, head);
      if (block) for (const socket of this.#sockets) socket.onBlock(block);
    }
  }

  /** Nothing has been wrong with it for so many milliseconds. */
  isHonestFor(ms: number): boolean {
    return this.#faults === 0 && this.nowMs() - this.#honestSinceMs >= ms;
  }

  /** Begins with a fault. Returns how it ends. */
  begin(fault: NodeFault): () => void {
    const end = this.#begin(fault);
    this.#faults += 1;
    return () => {
      end();
      this.#faults -= 1;
      this.#honestSinceMs = this.nowMs();
    };
  }

  #begin(fault: NodeFault): () => void {
    const { switches, random } = this;
    switch (fault) {
      case 'down':
        return this.#set('isDown', true);
      case 'silent':
        return this.#set('isSilent', true);
      case 'limited':
        return this.#set('retryAfterMs', random.between(100, 3_000));
      case 'lagging':
        return this.#set('lagSlots', 2 + random.whole(20));
      case 'nonsense':
        return this.#set('isNonsense', true);
      case 'omits':
        return this.#set('omits', true);
      case 'forgets':
        return this.#set('forgets', true);
      case 'denies':
        return this.#set('denies', true);
      case 'no-logs':
        return this.#set('keepsLogs', false);
      case 'refuses-sockets': {
        this.cutSockets();
        return this.#set('refusesSockets', true);
      }
      case 'half-open':
        return this.#set('isHalfOpen', true);
      case 'drops':
        return this.#set('dropShare', random.between(0.05, 1));
      case 'doubles':
        return this.#set('copies', 1 + random.whole(3));
      case 'disorder':
        return this.#set('disorderMs', random.between(50, 3_000));
      case 'phantoms':
        return this.#set('announcesPhantoms', true);
      default:
        return (fault satisfies never) ?? (() => void switches);
    }
  }

  #set<K extends keyof NodeSwitches>(name: K, value: NodeSwitches[K]): () => void {
    const honest = new NodeSwitches()[name];
    this.switches[name] = value;
    return () => {
      this.switches[name] = honest;
    };
  }
}
