import express, { type Express, type Request, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { mongo } from 'mongoose';
import type { ActionContext } from '../domain-kit/action.js';
import type { CommandContext } from '../domain-kit/command.js';
import type { DomainRoutes } from '../domain-kit/routes.js';
import type { DispatcherStore } from '../delivery/dispatchers/dispatcher-store.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { TransactionPreparer } from '../transactions/transaction-preparer.js';
import type { TransactionSubmitter } from '../transactions/transaction-submitter.js';
import type { WalletSubmitter } from '../transactions/wallet-submitter.js';
import { accessLog } from './access-log.js';
import { answerProblem, nothingHere, sendProblem } from './answer-problem.js';
import type { ApiKeys } from './api-keys.js';
import { requireDefaultEnvironment, requireKey, requireScope } from './authenticate.js';
import { openApiDocument } from './openapi.js';
import type { EventStreams } from './event-streams.js';
import type { WriteTiming } from './prefer.js';
import type {
  FulfilWish,
  HealthSource,
  OwnTransactionDoor,
  ReadTrail,
  ReconcileRuns,
  RetryDead,
  SignerOperations,
} from './ports.js';
import { Problem } from './problem.js';
import { actionRoutes } from './routes/action-routes.js';
import { commandRoutes } from './routes/command-routes.js';
import { deadLetterRoutes } from './routes/dead-letter-routes.js';
import { deliveryRoutes } from './routes/delivery-routes.js';
import { dispatcherDeliveryRoutes, type DispatcherTelling } from './routes/dispatcher-delivery-routes.js';
import { dispatcherRoutes } from './routes/dispatcher-routes.js';
import { documentRoutes } from './routes/document-routes.js';
import { eventRecordRoutes } from './routes/event-record-routes.js';
import { eventRoutes } from './routes/event-routes.js';
import { externalAccountRoutes } from './routes/external-account-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import type { ExamplePage } from './routes/example-routes.js';
import { jobRunRoutes } from './routes/job-run-routes.js';
import { openApiRoutes } from './routes/openapi-routes.js';
import { prepareRoutes } from './routes/prepare-routes.js';
import { problemRoutes } from './routes/problem-routes.js';
import { reconcileRoutes } from './routes/reconcile-routes.js';
import { streamRoutes } from './routes/stream-routes.js';
import { signerRoutes } from './routes/signer-routes.js';
import { statusRoutes } from './routes/status-routes.js';
import { trailRoutes } from './routes/trail-routes.js';
import { transactionListRoutes } from './routes/transaction-list-routes.js';
import { transactionWishRoutes } from './routes/transaction-wish-routes.js';
import { transactionRoutes } from './routes/transaction-routes.js';

export interface ApiSettings {
  readonly version: string;
  readonly apiKeysForReads: boolean;
  readonly rateLimitPerMinute: number;
  readonly bodyLimitKb: number;
  readonly trustProxyHops: number;
  readonly maxLagSlots: number;
  readonly webhooksAllowPrivate: boolean;
  readonly timing?: WriteTiming;
}

/** Everything the API stands on; src/app wires it. */
export interface ApiDeps {
  readonly db: mongo.Db;
  readonly domains: readonly { readonly routes: DomainRoutes; readonly context: CommandContext }[];
  readonly actions: ActionContext;
  readonly submitter: Pick<TransactionSubmitter, 'submit' | 'look'>;
  readonly preparer: Pick<TransactionPreparer, 'prepare'>;
  readonly walletSubmitter: Pick<WalletSubmitter, 'submit'>;
  readonly door: OwnTransactionDoor;
  readonly health: HealthSource;
  readonly retryDead: RetryDead;
  readonly readTrail: ReadTrail;
  readonly reconcileRuns: ReconcileRuns;
  readonly signers: SignerOperations;
  readonly fulfilWish: FulfilWish;
  readonly dispatchers: DispatcherStore;
  readonly telling: DispatcherTelling;
  /** Tells delivery desks, wherever they are, that they have something to do. */
  readonly wakeDesks: () => void;
  readonly apiKeys: Pick<ApiKeys, 'verify'>;
  readonly streams: Pick<EventStreams, 'serve'>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly settings: ApiSettings;
  /** More for `/api/status`. */
  readonly status?: () => Promise<Readonly<Record<string, unknown>>>;
  /** More routes (GraphQL, a dashboard), by path. They are behind the rate limit, not behind keys. */
  readonly mounts?: readonly ExamplePage[];
}

const MINUTE_MS = 60_000;
/** Long enough for a congested cluster's confirmation, shorter than a proxy's usual 60 s. */
const DEFAULT_TIMING: WriteTiming = { chainMs: 20_000, documentsMs: 10_000 };

/** Paths that need a key for reading as well, whatever API_KEYS_FOR_READS says. */
const OF_ENVIRONMENTS = ['/event-records', '/external-accounts', '/dispatchers', '/deliveries', '/job-runs'];
/** Paths that only whoever may write sees: they name what others asked for. */
const OF_OPERATORS = ['/transactions', '/signers'];

/** The HTTP API as an Express app. It listens nowhere yet. */
export function createApi(deps: ApiDeps): Express {
  const { db, log, metrics, settings } = deps;
  const domains = deps.domains.map(({ routes }) => routes);
  const models = new Map(domains.flatMap(({ reads }) => reads.map(({ model }) => [model.collection, model] as const)));
  const programs = domains.map(({ module }) => module.name);
  const named = domains.map(({ module }) => ({ name: module.name, events: Object.keys(module.events) }));
  const writes = { ...deps, models, timing: settings.timing ?? DEFAULT_TIMING };
  const pass: RequestHandler = (_request, _response, next) => next();
  const forReads = settings.apiKeysForReads ? requireScope(deps.apiKeys, 'read') : pass;
  const forWrites = requireScope(deps.apiKeys, 'write');

  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', settings.trustProxyHops);
  app.set('query parser', 'simple');
  app.use(accessLog(log, metrics, deps.clock));
  // Behind plain HTTP, as in development, a browser would look for the page's style at https.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.use(healthRoutes(deps.health, metrics, settings.maxLagSlots));
  app.use(
    rateLimit({
      windowMs: MINUTE_MS,
      limit: settings.rateLimitPerMinute,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      handler: (_request, response) => sendProblem(response, new Problem('rate-limited')),
    }),
  );
  app.use(problemRoutes());
  app.use(openApiRoutes(openApiDocument(domains, settings.version), deps.mounts ?? []));
  for (const { path, handler } of deps.mounts ?? []) app.use(path, handler);

  const json = express.json({ limit: settings.bodyLimitKb * 1_024, type: ['json', '+json'] });
  const actions = domains.flatMap((routes) => routes.actions);
  // They carry their own proof of who asks.
  for (const { path } of actions.filter(({ method }) => method === 'post')) app.post(`/api${path}`, json);
  app.use('/api', actionRoutes(actions, 'post', deps.actions));
  // Who may not write is told so before anybody reads what they sent.
  app.use('/api', (request, response, next) => (isRead(request) ? forReads : forWrites)(request, response, next));
  for (const path of OF_OPERATORS) app.use(`/api${path}`, forWrites);
  app.use('/api', (request, response, next) => {
    const isOf = (paths: readonly string[]) => paths.some((path) => `${request.path}/`.startsWith(`${path}/`));
    const isFree = isOf(OF_ENVIRONMENTS) || (isRead(request) && !isOf(OF_OPERATORS));
    return isFree ? next() : requireDefaultEnvironment(request, response, next);
  });
  // What there is depends on the environment of the key.
  for (const path of OF_ENVIRONMENTS) app.use(`/api${path}`, requireKey(deps.apiKeys));
  app.use('/api', json);
  app.use(
    '/api',
    statusRoutes({
      ...settings,
      db,
      health: deps.health,
      domains,
      heldSigners: [...new Set(deps.domains.flatMap(({ context }) => context.heldSigners))],
      ...(deps.status ? { more: deps.status } : {}),
    }),
    transactionListRoutes(db),
    transactionRoutes(
      writes,
      domains.flatMap(({ commands }) => commands),
    ),
    transactionWishRoutes(deps.fulfilWish),
    signerRoutes(deps.signers),
    dispatcherRoutes(deps, named, settings.webhooksAllowPrivate),
    dispatcherDeliveryRoutes(deps, deps.telling),
    deliveryRoutes(deps),
    jobRunRoutes(deps),
    eventRecordRoutes(deps, programs),
    externalAccountRoutes(db, deps.clock),
    eventRoutes(db, [...models.values()]),
    streamRoutes(deps.streams, named),
    trailRoutes(models, deps.readTrail),
    deadLetterRoutes({ ...deps, programs }),
    reconcileRoutes({ ...deps, programs }),
    ...deps.domains.flatMap(({ routes, context }) => [
      prepareRoutes(deps, routes.commands, context),
      commandRoutes(writes, routes.commands, context),
    ]),
    actionRoutes(actions, 'get', deps.actions),
    documentRoutes(
      db,
      domains.flatMap(({ reads }) => reads),
    ),
  );
  app.use(nothingHere);
  app.use(answerProblem(log, metrics));
  return app;
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
