import type { DomainModule } from '../../domain-kit/domain-module.js';
import type { Config } from '../../config/env.js';
import { shownUrl } from '../../config/secret.js';
import { messageOf, MooringError } from '../../lib/errors.js';
import { webSocketUrlOf } from '../../lib/web-socket-url.js';
import type { Check } from '../../ops/doctor/check.js';
import { fail } from '../../ops/doctor/finding.js';
import { connectMongo } from '../../store/mongo-connection.js';
import { scrub } from '../../telemetry/loggable.js';
import { installModule } from '../foundation.js';
import type { Machine } from '../machine.js';
import { alertChecks } from './alert-checks.js';
import { chainChecks } from './chain-checks.js';
import { databaseChecks } from './database-checks.js';
import { deliveryChecks } from './delivery-checks.js';
import type { DotEnv } from './dot-env.js';
import { environmentChecks } from './environment-checks.js';
import { judgeNames } from './judge-names.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { once } from './once.js';
import { nonceChecks } from './nonce-checks.js';
import { openEndpoints } from './open-endpoints.js';
import { outboxChecks } from './outbox-checks.js';
import { programChecks, type Installation } from './program-checks.js';
import { readSettings } from './read-settings.js';
import { reconcileChecks } from './reconcile-checks.js';
import { recordsChecks } from './records-checks.js';
import { signerChecks } from './signer-checks.js';
import { vaultChecks } from './vault-check.js';
import type { Visit } from './visit.js';
import { workerChecks } from './worker-checks.js';

/** What a visit begins with. */
export interface VisitOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dotEnv: DotEnv;
  readonly machine: Machine;
  /** The installed domains; what it throws is a finding. */
  readonly modules: (config: Config) => Promise<readonly DomainModule[]>;
}

/** Every check there is, in the order in which findings are shown, and what they opened. */
export interface OpenVisit {
  readonly checks: readonly Check[];
  /** Takes secrets out of a text: libraries quote URLs in what they throw. */
  readonly clean: (text: string) => string;
  close(): Promise<void>;
}

/** Prepares everything that is looked at, and connects to nothing yet. */
export async function openVisit({ env, dotEnv, machine, modules }: VisitOptions): Promise<OpenVisit> {
  const read = readSettings(env, dotEnv);
  const listed = await modules(read.config).catch((error: unknown) => ({ problem: messageOf(error) }));
  const settings =
    'problem' in listed
      ? judgeNames(read, { env, dotEnv }, [], null)
      : judgeNames(read, { env, dotEnv }, listed, await modules({ ...read.config, programs: [] }));
  const { config } = settings;
  const installations = 'problem' in listed ? [] : listed.map((module) => install(config, module));
  const opened = openEndpoints(config, machine);
  const { endpoints, anyEndpoint } = opened;
  let isOpened = false;
  const database = once(async () => {
    if (config.mongodbUri === undefined) throw new MooringError('no-database', 'MONGODB_URI is not set');
    isOpened = true;
    try {
      return await connectMongo(config.mongodbUri, config.mongodbDatabase);
    } catch (error) {
      // What to do is said once, by the finding.
      throw error instanceof MooringError ? (error.cause ?? error) : error;
    }
  });
  const visit: Visit = {
    ...{ config, machine, endpoints, anyEndpoint, database },
    wsUrls: config.solanaWsUrls.length > 0 ? config.solanaWsUrls : config.solanaRpcUrls.map(webSocketUrlOf),
    modules: installations.flatMap((one) => ('installed' in one ? [one.installed] : [])),
  };
  return {
    checks: [
      ...environmentChecks(settings),
      ...chainChecks(visit),
      ...('problem' in listed ? [noDomains(listed.problem)] : programChecks(visit, installations)),
      ...vaultChecks(visit),
      ...databaseChecks(visit),
      ...workerChecks(visit),
      ...recordsChecks(visit),
      ...outboxChecks(visit),
      ...deliveryChecks(visit),
      ...reconcileChecks(visit),
      ...alertChecks(visit),
      ...signerChecks(visit),
      ...nonceChecks(visit),
    ],
    clean: cleanerFor(env),
    close: async () => {
      await opened.close();
      if (isOpened) await (await database().catch(() => null))?.close();
    },
  };
}

/** Of URLs only the host may be shown, also of those that cannot be used. */
function cleanerFor(env: VisitOptions['env']): (text: string) => string {
  const urls = [env['MONGODB_URI'] ?? '', ...`${env['SOLANA_RPC_URL'] ?? ''},${env['SOLANA_WS_URL'] ?? ''}`.split(',')];
  const secrets = urls.map((url) => url.trim()).filter((url) => url !== '');
  return (text) => scrub(secrets.reduce((clean, url) => clean.replaceAll(url, shownUrl(url)), text));
}

function install(config: Config, module: DomainModule): Installation {
  try {
    return { name: module.name, installed: installModule(config, module) };
  } catch (error) {
    return { name: module.name, problem: messageOf(error) };
  }
}

function noDomains(problem: string): Check {
  const judgement = fail(problem, 'Correct the file that lists the domains (docs/your-own-program.md).');
  return {
    ...{ id: 'program.installed', group: 'programs', subject: null, checked: 'domains', limitMs: QUESTION_LIMIT_MS },
    look: async () => judgement,
    whenUnread: () => judgement,
  };
}
