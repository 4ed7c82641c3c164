/** A command of `mooring`. */
export interface MooringCommand {
  readonly name: string;
  /** One line of `mooring --help`. */
  readonly summary: string;
  /** Runs until it is stopped, and takes no options: everything is in the environment and .env. */
  readonly isProcess?: true;
  /** Runs it in this process, so that signals reach it: with what is left of the arguments. */
  readonly run: () => Promise<unknown>;
}

/** Every command that works from an installed package, in the order of --help. */
export const COMMANDS: readonly MooringCommand[] = [
  {
    name: 'worker',
    summary: 'follows the programs: ledger, documents, finality',
    isProcess: true,
    run: () => import('../../workers/event-listener.worker.js'),
  },
  {
    name: 'start',
    summary: 'serves the HTTP API',
    isProcess: true,
    run: () => import('../../workers/api.js'),
  },
  {
    name: 'delivery-worker',
    summary: 'tells webhooks and jobs of events, as workers do too',
    isProcess: true,
    run: () => import('../../workers/delivery.worker.js'),
  },
  {
    name: 'reconcile-worker',
    summary: 'compares documents with the chain every five minutes',
    isProcess: true,
    run: () => import('../../workers/reconcile.worker.js'),
  },
  {
    name: 'reconcile-all',
    summary: 'compares everything with the chain, and has it put right',
    run: () => import('../reconcile-all.js'),
  },
  {
    name: 'cleanup-orphaned',
    summary: 'lists or removes documents that nothing on chain makes',
    run: () => import('../cleanup-orphaned.js'),
  },
  {
    name: 'sync-account',
    summary: 'brings the documents of single accounts up to date',
    run: () => import('../sync-account.js'),
  },
  {
    name: 'audit',
    summary: 'compares every document with the chain and the ledger',
    run: () => import('../audit.js'),
  },
  {
    name: 'doctor',
    summary: 'looks at everything, and says what there is to do',
    run: () => import('../doctor.js'),
  },
  {
    name: 'backfill',
    summary: 'brings history from before the worker began',
    run: () => import('../backfill.js'),
  },
  {
    name: 'replay',
    summary: 'makes the documents anew from the ledger, in traffic',
    run: () => import('../replay.js'),
  },
  {
    name: 'dead-letters',
    summary: 'what could not take effect: list, show, retry, drop',
    run: () => import('../dead-letters.js'),
  },
  {
    name: 'outbox',
    summary: 'messages on their way out: list, retry, drop',
    run: () => import('../outbox.js'),
  },
  {
    name: 'nonces',
    summary: 'nonce accounts: create, grow, list, repair, withdraw',
    run: () => import('../nonces.js'),
  },
  {
    name: 'signers',
    summary: 'who signs and how that goes: list, show, pause, resume',
    run: () => import('../signers.js'),
  },
  {
    name: 'transactions',
    summary: 'writes: list, show, cancel, resubmit, bump',
    run: () => import('../transactions.js'),
  },
  {
    name: 'api-key',
    summary: 'makes, lists, rotates and revokes keys of the API',
    run: () => import('../api-key.js'),
  },
  {
    name: 'environments',
    summary: 'makes, lists and changes environments, which keep keys and events apart',
    run: () => import('../environments.js'),
  },
  {
    name: 'idl-types',
    summary: 'writes the types of events and accounts from IDLs',
    run: () => import('../idl-types.js'),
  },
  {
    name: 'dev',
    summary: 'a chain, a database, worker and API for development',
    run: () => import('../dev.js'),
  },
  {
    name: 'demo',
    summary: 'coupons, red packets and stakes in traffic; faults; an audit',
    run: () => import('../demo.js'),
  },
  {
    name: 'drill',
    summary: 'breaks things in mid-traffic, then compares everything',
    run: () => import('../drill.js'),
  },
  {
    name: 'load',
    summary: 'packets made and claimed at once while clients listen',
    run: () => import('../load.js'),
  },
];
