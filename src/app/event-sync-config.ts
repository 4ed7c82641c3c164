import { inspect } from 'node:util';
import { loadDotEnv, readConfig, type Config } from '../config/env.js';
import { stakeVault } from '../domains/stake-vault/module.js';
import { settingsOf } from './settings-of.js';

/** The settings of the stake vault by their usual names. Times are milliseconds. */
export interface EventSyncConfig {
  /** The endpoint that is preferred; undefined where none is set. Never printed with the rest: it may hold a key. */
  readonly rpcUrl: string | undefined;
  readonly rpcType: 'websocket' | 'polling';
  /** Counts with `rpcType: 'polling'`. */
  readonly pollingInterval: number;
  /** The vault whose stakes make developers; null: none does. */
  readonly stakeVaultAddress: string | null;
  /** The slot before which nothing is looked for. */
  readonly startBlock: number;
  /** Signatures asked for at once wherever history is walked. */
  readonly batchSize: number;
  /** Slots on top of confirmed before an event is applied. */
  readonly confirmations: number;
  /** Retries of an event whose handler failed, after the first try. */
  readonly retryAttempts: number;
  /** Before the first retry; it doubles. */
  readonly retryDelay: number;
  /** How often it is looked whether an alert should fire or clear. */
  readonly healthCheckInterval: number;
  /** Failed attempts of handlers in a row that are an alert. */
  readonly alertOnErrorCount: number;
}

/**
 * The effective settings of the stake vault: what a worker with this configuration goes by.
 * @throws MooringError `config-invalid` where a variable of the stake vault is bad.
 */
export function eventSyncConfigOf(config: Config): EventSyncConfig {
  const settings = settingsOf(config, stakeVault);
  return Object.freeze({
    rpcUrl: config.solanaRpcUrls[0],
    rpcType: config.source === 'socket' ? 'websocket' : config.source,
    pollingInterval: settings.pollingIntervalMs,
    stakeVaultAddress: config.stakeVaultAddress,
    startBlock: config.startSlot,
    batchSize: settings.historyPageSize,
    confirmations: settings.confirmations,
    retryAttempts: settings.handlerAttempts - 1,
    retryDelay: settings.handlerBackoffMs,
    healthCheckInterval: settings.alertCheckIntervalMs,
    alertOnErrorCount: settings.alertOnErrorCount,
  });
}

let read: EventSyncConfig | undefined;

function ofProcess(): EventSyncConfig {
  if (read === undefined) {
    loadDotEnv();
    read = eventSyncConfigOf(readConfig());
  }
  return read;
}

/** Whether a value is shown when the whole is printed or copied. */
const SHOWN: Readonly<Record<keyof EventSyncConfig, boolean>> = {
  rpcUrl: false,
  rpcType: true,
  pollingInterval: true,
  stakeVaultAddress: true,
  startBlock: true,
  batchSize: true,
  confirmations: true,
  retryAttempts: true,
  retryDelay: true,
  healthCheckInterval: true,
  alertOnErrorCount: true,
};

/**
 * The settings of this process's stake vault, as configured by the environment (.env), which is read at the first look at a
 * value. That look throws MooringError `config-invalid` where the environment is bad.
 */
export const eventSyncConfig = Object.freeze(
  Object.defineProperties(
    {},
    {
      ...Object.fromEntries(
        (Object.keys(SHOWN) as (keyof EventSyncConfig)[]).map((name) => [
          name,
          { get: () => ofProcess()[name], enumerable: SHOWN[name] },
        ]),
      ),
      [inspect.custom]: { value: () => ({ ...eventSyncConfig }) },
    },
  ),
) as EventSyncConfig;
