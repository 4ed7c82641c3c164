import type { Config } from '../config/env.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { loadDotEnv, readConfig } from '../config/env.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics } from '../telemetry/metrics.js';
import { startAlertWatch, type AlertWatch } from './alert-watch.js';
import type { AnnouncedEvent, AnnouncedTransaction } from './event-announcer.js';
import { startEventWorker, type EventWorker } from './event-worker.js';
import { layFoundation, type Foundation } from './foundation.js';
import { installedDomains } from './installed-domains.js';
import { requiredEndpoints } from './required-endpoints.js';

/** What `getStatus()` says. */
export interface BlockchainEventListenerStatus {
  readonly isListening: boolean;
  /** The node's id of the log subscription of the first program, null while there is none. */
  readonly subscriptionId: string | null;
  /** Failures since the connection was last stable. */
  readonly reconnectAttempts: number;
  readonly lastSlot: number | null;
  /** Wall-clock milliseconds of the last message of the socket. */
  readonly lastMessageAtMs: number | null;
}

type Listener = (payload: never) => void;

/**
 * An event worker with the names people know: `startListening()`, `on('CouponMinted', …)`,
 * `on('transaction-finalized', …)`, `getStatus()`, `stopListening()`. Listeners hear of an event after its documents
 * are committed, in the process that holds the program's lease.
 */
export class BlockchainEventListener {
  #listeners: { readonly name: string; readonly listener: Listener }[] = [];
  #foundation: Foundation | undefined;
  #worker: EventWorker | undefined;
  #alerts: AlertWatch | undefined;
  #starting: Promise<void> | undefined;

  /**
   * `options` default to the environment (.env) and the installed domains (MOORING_DOMAINS). `alerts: false` leaves the watch
   * for alerts (docs/operations.md) to other processes.
   */
  constructor(
    private readonly options: {
      readonly config?: Config;
      readonly modules?: readonly DomainModule[];
      readonly alerts?: boolean;
    } = {},
  ) {}

  /**
   * Connects and follows the programs. Resolves once the worker runs; a second call changes nothing.
   * @throws MooringError with what to do when database or chain cannot be used.
   */
  startListening(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  on(
    name: 'transaction-finalized' | 'transaction-orphaned',
    listener: (transaction: AnnouncedTransaction) => void,
  ): this;
  on(name: string, listener: (event: AnnouncedEvent) => void): this;
  on(name: string, listener: Listener): this {
    this.#listeners.push({ name, listener });
    this.#worker?.announcer.on(name, listener as (payload: unknown) => void);
    return this;
  }

  off(name: string, listener: Listener): this {
    this.#listeners = this.#listeners.filter((known) => known.name !== name || known.listener !== listener);
    this.#worker?.announcer.off(name, listener as (payload: unknown) => void);
    return this;
  }

  getStatus(): BlockchainEventListenerStatus {
    const status = this.#worker?.status();
    return {
      isListening: status?.live ?? false,
      subscriptionId: Object.values(status?.subscriptionIds ?? {})[0] ?? null,
      reconnectAttempts: status?.reconnectAttempts ?? 0,
      lastSlot: status?.lastSlot ?? null,
      lastMessageAtMs: status?.lastMessageAtMs ?? null,
    };
  }

  /** Finishes what is under way and gives the leases up. It can be started again. */
  async stopListening(): Promise<void> {
    await this.#starting;
    await Promise.all([this.#worker?.stop(), this.#alerts?.stop()]);
    await this.#foundation?.close();
    this.#alerts = this.#worker = this.#foundation = this.#starting = undefined;
  }

  async #start(): Promise<void> {
    if (!this.options.config) loadDotEnv();
    const config = this.options.config ?? readConfig();
    const modules = this.options.modules ?? (await installedDomains(config)).map(({ module }) => module);
    const endpoints = requiredEndpoints(config);
    this.#foundation = await layFoundation(config, endpoints, modules, createLogger(config), createMetrics());
    this.#worker = startEventWorker(this.#foundation, endpoints);
    if (this.options.alerts ?? true) this.#alerts = startAlertWatch(this.#foundation);
    for (const { name, listener } of this.#listeners) {
      this.#worker.announcer.on(name, listener as (payload: unknown) => void);
    }
  }
}

/** The listener of this process, as configured by the environment. */
export const blockchainEventListener = new BlockchainEventListener();
