import { existsSync, readFileSync } from 'node:fs';
import { inspect, parseEnv } from 'node:util';
import bs58 from 'bs58';
import { z } from 'zod';
import { MAX_TIMER_MS } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { asSent, MAIL_ADDRESS, MAILBOX, ORIGIN, urlForm } from './forms.js';
import { isProgramVariable, PROGRAM_VARIABLES, type ProgramSettingName } from './program-variables.js';
import { Secret, shownUrl } from './secret.js';
import { cronPattern, flag, list, optionalText, optionalWhole, whole } from './variable.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** Where notices may come from (src/app/create-source.ts). */
const SOURCES = ['socket', 'polling'] as const;
/** When the luckiest claim of a red packet is named (src/domains/red-packets/settle.ts). */
const CROWNS = ['always', 'empty'] as const;
const HTTP_URL = urlForm('https?');
const WS_URL = urlForm('wss?');
/** Beyond the scheme: what a URL has no place for has to be escaped. */
const SMTP_FORM = 'an smtp:// or smtps:// URL, with an @ or / of the password as %40 or %2F';
/** For as long commits are kept, from which an event is taken back that a fork drops. */
const LEAST_KEPT_DAYS = 7;
const ADDRESS_BYTES = 32;
const SECRET_KEY = /^[1-9A-HJ-NP-Za-km-z]{64,90}$/;

/** Many texts of the right length in characters are not 32 bytes: nothing would be found there, and nobody would hear why. */
const address = (what: string) =>
  z
    .string()
    .refine((text) => bs58.decodeUnsafe(text)?.length === ADDRESS_BYTES, `must be ${what} of ${ADDRESS_BYTES} bytes`)
    .optional();

/** For all programs; those for one are read when its module is known (src/app/settings-of.ts). */
const forAll = (setting: ProgramSettingName) =>
  optionalWhole(PROGRAM_VARIABLES[setting].min, PROGRAM_VARIABLES[setting].max);

/**
 * Every environment variable mooring knows, without those for one program (src/config/program-variables.ts). `.env.example`
 * documents each; a test compares the two.
 */
export const environmentSchema = z.object({
  SOLANA_RPC_URL: list(HTTP_URL, 'http:// or https:// URLs'),
  SOLANA_WS_URL: list(WS_URL, 'ws:// or wss:// URLs'),
  RPC_REQUESTS_PER_SECOND: list(/^\d{1,6}(\.\d{1,3})?$/, 'requests per second, such as 10'),
  RPC_BACKGROUND_PERCENT: whole(50, 1, 100),
  RPC_BATCH_SIZE: whole(10, 1, 1_000),
  MONGODB_URI: optionalText(/^mongodb(\+srv)?:\/\/\S+$/, 'a mongodb:// or mongodb+srv:// URI'),
  MONGODB_DATABASE: z
    .string()
    .regex(/^[^/\\. "$*<>:|?]{1,63}$/, 'must be a MongoDB database name')
    .default('mooring'),
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(3000, 0, 65_535),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  LOG_PRETTY: flag(false),
  SIGNER_KEYPAIRS: list(/^\S.*$/, 'paths of solana-keygen files'),
  SIGNER_SECRET_KEYS: list(SECRET_KEY, 'base58 secret keys of 64 bytes'),
  SOURCE: z.enum(SOURCES, { error: `must be one of ${SOURCES.join(', ')}` }).default('socket'),
  POLLING_INTERVAL_MS: forAll('pollingIntervalMs'),
  CONFIRMATIONS: forAll('confirmations'),
  HISTORY_PAGE_SIZE: forAll('historyPageSize'),
  FINALITY_DELAY_MS: whole(35_000, 0, MAX_TIMER_MS),
  REORG_CHECK_SLOTS: whole(150, 0, 1_000_000),
  LEASE_TERM_MS: whole(10_000, 500, MAX_TIMER_MS),
  SWEEP_INTERVAL_MS: whole(10_000, 50, MAX_TIMER_MS),
  SILENCE_MS: whole(5_000, 100, MAX_TIMER_MS),
  PRIORITY_FEE_PERCENTILE: whole(75, 0, 100),
  PRIORITY_FEE_FLOOR: whole(0, 0, 1_000_000_000),
  PRIORITY_FEE_CAP: whole(200_000, 0, 1_000_000_000),
  TRANSACTION_ATTEMPTS: whole(5, 1, 100),
  HANDLER_ATTEMPTS: forAll('handlerAttempts'),
  HANDLER_BACKOFF_MS: forAll('handlerBackoffMs'),
  START_SLOT: whole(0, 0),
  BATCH_SIZE: whole(2_000, 1, 10_000),
  MAX_LAG_SLOTS: whole(100, 1),
  RATE_LIMIT_PER_MINUTE: whole(600, 1),
  BODY_LIMIT_KB: whole(64, 1, 10_240),
  TRUST_PROXY_HOPS: whole(0, 0, 10),
  API_KEYS_FOR_READS: flag(false),
  PUSH_ALLOWED_ORIGINS: list(ORIGIN, 'origins such as https://app.example.com, each in full, or * alone for all'),
  PUSH_POLLING: flag(false),
  PUSH_MAX_CLIENTS: whole(10_000, 1),
  STREAM_MAX_CONSUMERS: whole(100, 1),
  DATA_DIR: z.string().optional(),
  PROGRAMS: list(/^[A-Za-z0-9_-]+$/, 'names of installed programs, such as coupons'),
  COUPONS_PROGRAM_ID: address('a base58 program address'),
  RED_PACKETS_PROGRAM_ID: address('a base58 program address'),
  RED_PACKETS_CROWN: z.enum(CROWNS, { error: `must be one of ${CROWNS.join(', ')}` }).default('always'),
  STAKE_VAULT_PROGRAM_ID: address('a base58 program address'),
  RECONCILE_SCHEDULE: cronPattern('*/5 * * * *'),
  RECONCILE_FULL_INTERVAL_MS: whole(24 * 3_600_000, 1_000),
  RECONCILE_DRIFT_ALERT: whole(0, 0),
  RECONCILE_KEEP_RUNS_MS: whole(30 * 24 * 3_600_000, 1_000),
  ORPHAN_GRACE_MS: whole(24 * 3_600_000, 0),
  ALERT_CHECK_INTERVAL_MS: forAll('alertCheckIntervalMs'),
  ALERT_HOLD_MS: whole(30_000, 0, MAX_TIMER_MS),
  ALERT_ON_ERROR_COUNT: forAll('alertOnErrorCount'),
  ALERT_REMIND_MS: whole(6 * 3_600_000, 0),
  ALERT_SIGNER_LAMPORTS: whole(10_000_000, 0),
  ALERT_UNRESOLVED_MS: whole(300_000, 1_000),
  ALERT_WEBHOOK_URL: optionalText(HTTP_URL, 'an http:// or https:// URL'),
  ALERT_SLACK_URL: optionalText(HTTP_URL, 'an http:// or https:// URL'),
  ALERT_EMAIL_TO: optionalText(MAIL_ADDRESS, 'an e-mail address'),
  SMTP_URL: optionalText(urlForm('smtps?'), SMTP_FORM),
  MAIL_FROM: optionalText(MAILBOX, 'one e-mail address, or Name <address>'),
  STAKE_VAULT_ADDRESS: address('a base58 account address'),
  MESSAGE_MAX_AGE_MS: whole(7 * 24 * 3_600_000, 0),
  EVENTS_OUT: flag(true),
  DELIVERIES_KEEP_DAYS: whole(90, 0, 36_500).refine(
    (days) => days === 0 || days >= LEAST_KEPT_DAYS,
    `must be 0 (for ever), or ${LEAST_KEPT_DAYS} or more`,
  ),
  RPC_CREDITS: list(/^[A-Za-z]{3,40}=\d{1,6}$/, 'method=credits, such as getProgramAccounts=10'),
  WEBHOOKS_ALLOW_PRIVATE: flag(false),
  MOORING_DOMAINS: optionalText(/\.m?[jt]s$/, 'the path of an ES module: .js, .mjs, .ts or .mts'),
});

/** The settings of a process: frozen, with units in the names. Printing it never shows a secret. */
export type Config = ReturnType<typeof configFrom>;

/**
 * Reads the environment; this file is the only one that does.
 * @throws MooringError `config-invalid` naming every bad variable and what to write instead.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  // An empty value is what `NAME=` in a .env file says: not set.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (parsed.success) return configFrom(parsed.data, ofPrograms(set));
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  throw new MooringError(
    'config-invalid',
    `The environment has ${lines.length} bad variable(s); correct them in .env or where you start the process:\n${lines.join('\n')}`,
  );
}

/** Loads `.env` for an entry point; variables that are set already win. A missing file is fine. */
export function loadDotEnv(path = '.env'): void {
  // Node 20.6 has --env-file only; loadEnvFile came with 20.12.
  if (typeof process.loadEnvFile === 'function' && existsSync(path)) process.loadEnvFile(path);
}

/** What `.env` says, without setting it; an empty object where there is none. */
export function peekAtDotEnv(path = '.env'): Readonly<Record<string, string | undefined>> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}

function secretOf(text: string | undefined): Secret | null {
  return text === undefined ? null : new Secret(text);
}

/** The texts of variables for one program, such as STAKE_VAULT_CONFIRMATIONS. */
function ofPrograms(set: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return Object.freeze(Object.fromEntries(Object.entries(set).filter(([name]) => isProgramVariable(name))));
}

function configFrom(env: z.infer<typeof environmentSchema>, programVariables: ReturnType<typeof ofPrograms>) {
  const config = {
    solanaRpcUrls: env.SOLANA_RPC_URL,
    solanaWsUrls: env.SOLANA_WS_URL,
    /** One for all endpoints, or one for each in their order; 0 = no budget of our own. */
    rpcRequestsPerSecond: Object.freeze(env.RPC_REQUESTS_PER_SECOND.map(Number)),
    rpcBatchSize: env.RPC_BATCH_SIZE,
    /** Of an endpoint's rate, for history and comparisons at most; 0 to 1. */
    rpcBackgroundShare: env.RPC_BACKGROUND_PERCENT / 100,
    mongodbUri: env.MONGODB_URI,
    mongodbDatabase: env.MONGODB_DATABASE,
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    logPretty: env.LOG_PRETTY,
    signerKeypairPaths: env.SIGNER_KEYPAIRS,
    signerSecretKeys: Object.freeze(env.SIGNER_SECRET_KEYS.map((key) => new Secret(key))),
    /** Of what was paid lately for the same accounts; floor and cap in micro-lamports per compute unit. */
    priorityFeePercentile: env.PRIORITY_FEE_PERCENTILE,
    priorityFeeFloor: env.PRIORITY_FEE_FLOOR,
    priorityFeeCap: env.PRIORITY_FEE_CAP,
    /** Versions of a transaction, each signed once the one before provably expired. */
    transactionAttempts: env.TRANSACTION_ATTEMPTS,
    source: env.SOURCE,
    /** What the environment says for all programs; undefined where it says nothing. Read them by `settingsOf`. */
    programSettings: Object.freeze({
      historyPageSize: env.HISTORY_PAGE_SIZE,
      confirmations: env.CONFIRMATIONS,
      handlerAttempts: env.HANDLER_ATTEMPTS,
      handlerBackoffMs: env.HANDLER_BACKOFF_MS,
      alertCheckIntervalMs: env.ALERT_CHECK_INTERVAL_MS,
      alertOnErrorCount: env.ALERT_ON_ERROR_COUNT,
      pollingIntervalMs: env.POLLING_INTERVAL_MS,
    } satisfies Record<ProgramSettingName, number | undefined>),
    /** And for one of them: the texts by variable, which are judged when it is known which programs there are. */
    programVariables,
    finalityDelayMs: env.FINALITY_DELAY_MS,
    reorgCheckSlots: env.REORG_CHECK_SLOTS,
    leaseTermMs: env.LEASE_TERM_MS,
    sweepIntervalMs: env.SWEEP_INTERVAL_MS,
    silenceMs: env.SILENCE_MS,
    startSlot: env.START_SLOT,
    batchSize: env.BATCH_SIZE,
    maxLagSlots: env.MAX_LAG_SLOTS,
    rateLimitPerMinute: env.RATE_LIMIT_PER_MINUTE,
    bodyLimitKb: env.BODY_LIMIT_KB,
    trustProxyHops: env.TRUST_PROXY_HOPS,
    apiKeysForReads: env.API_KEYS_FOR_READS,
    /** Of the pages that may connect over Socket.IO, beside those that come from the API's own host. */
    pushAllowedOrigins: Object.freeze(env.PUSH_ALLOWED_ORIGINS.map(asSent)),
    pushPolling: env.PUSH_POLLING,
    pushMaxClients: env.PUSH_MAX_CLIENTS,
    streamMaxConsumers: env.STREAM_MAX_CONSUMERS,
    /** Cron pattern in UTC, with seconds as a sixth field in front; null = nobody reconciles by itself. */
    reconcileSchedule: env.RECONCILE_SCHEDULE,
    reconcileFullIntervalMs: env.RECONCILE_FULL_INTERVAL_MS,
    /** More documents than so many found wrong in a pass raise an alert. */
    reconcileDriftAlert: env.RECONCILE_DRIFT_ALERT,
    reconcileKeepRunsMs: env.RECONCILE_KEEP_RUNS_MS,
    orphanGraceMs: env.ORPHAN_GRACE_MS,
    /** By method; what is not named costs what rpc-bill.ts says. */
    rpcCredits: Object.freeze(
      Object.fromEntries(env.RPC_CREDITS.map((entry) => entry.split('=')).map(([name, n]) => [name, Number(n)])),
    ) as Readonly<Record<string, number>>,
    /** How long a condition must hold before an alert fires, and must be over before it clears. */
    alertHoldMs: env.ALERT_HOLD_MS,
    /** While an alert fires, how often it is told again; 0 = never. */
    alertRemindMs: env.ALERT_REMIND_MS,
    /** A signer that owns less raises an alert; 0 = none does. */
    alertSignerLamports: env.ALERT_SIGNER_LAMPORTS,
    /** A request that waits for the chain for longer raises an alert. */
    alertUnresolvedMs: env.ALERT_UNRESOLVED_MS,
    /** URLs that whoever knows them can post to. */
    alertWebhookUrl: secretOf(env.ALERT_WEBHOOK_URL),
    alertSlackUrl: secretOf(env.ALERT_SLACK_URL),
    alertEmailTo: env.ALERT_EMAIL_TO,
    /** The mail server with its password; null = no e-mail is sent. */
    smtpUrl: secretOf(env.SMTP_URL),
    /** The sender of every e-mail. */
    mailFrom: env.MAIL_FROM ?? 'mooring <mooring@localhost>',
    /** What happened longer ago than this causes no messages. */
    messageMaxAgeMs: env.MESSAGE_MAX_AGE_MS,
    /** Whether the event worker makes event records of what happens on chain, where somebody hears of it. */
    eventsOut: env.EVENTS_OUT,
    /** How long events, deliveries and runs are kept once nothing is owed of them; 0 = for ever. */
    deliveriesKeepDays: env.DELIVERIES_KEEP_DAYS,
    webhooksAllowPrivate: env.WEBHOOKS_ALLOW_PRIVATE,
    /** The vault whose stakes make developers; null: none does. */
    stakeVaultAddress: env.STAKE_VAULT_ADDRESS ?? null,
    dataDir: env.DATA_DIR,
    /** By module name: where a program is deployed elsewhere than its IDL says. */
    programAddresses: Object.freeze({
      coupons: env.COUPONS_PROGRAM_ID,
      'red-packets': env.RED_PACKETS_PROGRAM_ID,
      'stake-vault': env.STAKE_VAULT_PROGRAM_ID,
    }),
    redPacketsCrown: env.RED_PACKETS_CROWN,
    /** Of the installed programs, those that this process serves; empty = all. */
    programs: env.PROGRAMS,
    /** The file that lists the domains, seen from the working directory; undefined for this package's own. */
    domainsPath: env.MOORING_DOMAINS,
  };
  const shown = () => ({
    ...config,
    solanaRpcUrls: config.solanaRpcUrls.map(shownUrl),
    solanaWsUrls: config.solanaWsUrls.map(shownUrl),
    mongodbUri: config.mongodbUri === undefined ? undefined : shownUrl(config.mongodbUri),
  });
  // Not enumerable, so that a copy by spread is the plain settings and only printing is guarded.
  Object.defineProperties(config, { toJSON: { value: shown }, [inspect.custom]: { value: shown } });
  return Object.freeze(config);
}
