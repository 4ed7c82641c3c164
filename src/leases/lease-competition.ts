import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { keepLease } from './lease-keeper.js';
import type { RenewalOptions } from './lease-renewal.js';
import { LeaseWatch } from './lease-watch.js';
import type { LeaseWork } from './lease-work.js';
import { NodeDirectory } from './node-directory.js';
import { showNode } from './show-node.js';

/** Looks at nodes and leases a term: the later a change is seen, the longer a key has no holder. */
const LOOKS_PER_TERM = 5;

interface KeyCompetitionOptions extends RenewalOptions {
  /** A name that no other process ever has (`processHolderId`). */
  readonly holder: string;
  /** Names of the leases this process can hold. */
  readonly keys: readonly string[];
  /** Runs until `lost` is aborted, as with `keepLease`; the lease is given up once it has ended. */
  readonly work: (key: string, work: LeaseWork, lost: AbortSignal) => Promise<void>;
}

/** A process among others that share keys. */
export interface KeyCompetition {
  /** Keys whose work runs here. */
  holds(): string[];
  /** Who lives and which node a key belongs to, as this process sees it. */
  readonly directory: NodeDirectory;
  /** Signs the node off, ends the work of every key and gives its leases up. */
  stop(): Promise<void>;
}

/**
 * Shares keys among the processes that serve them: each key is worked for by the live node it belongs to (rendezvous.ts),
 * under its lease. A key is contended for only while it belongs to this node, and given up in order, its work ended first,
 * once it belongs to another one. Who should have a key is an opinion; that one process at a time writes for it is the
 * lease's to see to (I8).
 */
export function competeForKeys(options: KeyCompetitionOptions): KeyCompetition {
  const { db, clock, log, termMs, holder, keys, work } = options;
  const self = { id: holder, serves: keys, startedAt: new Date(clock.now()) };
  const directory = new NodeDirectory({ db, clock, termMs, self });
  const leases = new LeaseWatch(db, clock, keys);
  const contended = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  const held = new Set<string>();
  const stopping = new AbortController();

  const shown = showNode(options, self, stopping.signal);
  const looking = repeat(
    clock,
    termMs / LOOKS_PER_TERM,
    stopping.signal,
    async () => {
      await Promise.all([directory.look(), leases.look()]);
      if (!stopping.signal.aborted) share();
    },
    (error) => log.warn({ error: messageOf(error) }, 'could not look at nodes and leases; trying again'),
  );

  function share(): void {
    for (const key of keys) {
      const isOurs = directory.preferred(key) === holder;
      const current = contended.get(key);
      if (isOurs && !current) contend(key);
      if (!isOurs && current) giveUp(key, current.stop);
    }
  }

  function contend(key: string): void {
    const stop = new AbortController();
    const ended = keepLease({ ...options, seen: leases.seen(key) }, key, stop.signal, async (leaseWork, lost) => {
      held.add(key);
      try {
        await work(key, leaseWork, lost);
      } finally {
        held.delete(key);
      }
    }).finally(() => contended.delete(key));
    contended.set(key, { stop, ended });
  }

  function giveUp(key: string, stop: AbortController): void {
    if (stop.signal.aborted) return;
    if (held.has(key)) log.info({ lease: key }, 'lease given up: the key belongs to another node now');
    stop.abort();
  }

  return {
    directory,
    holds: () => [...held],
    stop: async () => {
      stopping.abort();
      await looking.ended;
      for (const { stop } of contended.values()) stop.abort();
      await Promise.all([shown, ...[...contended.values()].map(({ ended }) => ended)]);
    },
  };
}
