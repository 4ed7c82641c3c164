import { isAddress } from '../domain-kit/command-fields.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { defineRoutes, type DomainRoutes } from '../domain-kit/routes.js';
import { MooringError } from '../lib/errors.js';

/** Collections that mooring keeps its own records in, now or by its design. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['ledger_events', 'frontiers', 'dead_letters', 'leases', 'outbox', 'managed_transactions', 'nonce_accounts'],
  ...['index_counters', 'event_records', 'event_dispatchers', 'job_runs', 'external_accounts', 'environments'],
  ...['reconcile_runs', 'orphaned_documents', 'repairs', 'alerts', 'api_keys', 'backfills', 'replays', 'replay_queue'],
  ...['projections', 'commits', 'stable_streams', 'deliveries', 'endpoint_health'],
]);

/**
 * The domains that a module file exports, as `domains` or, without commands of their own, as `modules`. Null: it exports
 * `jobs` and has nothing to say of domains. `where` names the file in what is thrown.
 * @throws MooringError `domains-invalid` with what to write instead.
 */
export function domainsOf(exported: Readonly<Record<string, unknown>>, where: string): readonly DomainRoutes[] | null {
  const name = exported['domains'] === undefined ? 'modules' : 'domains';
  const list = exported[name];
  if (list === undefined && exported['jobs'] !== undefined) return null;
  if (list === undefined) {
    throw invalid(
      `${where} exports none of \`domains\`, \`modules\` and \`jobs\`: export const domains = [defineRoutes(myModule)];`,
    );
  }
  if (!Array.isArray(list) || list.length === 0)
    throw invalid(`${where}: \`${name}\` must be an array, and not empty.`);
  return list.map((entry: unknown, position) => {
    if (name === 'domains' && isDomain(entry)) return entry;
    if (name === 'modules' && isModule(entry)) return defineRoutes(entry);
    const maker = name === 'domains' ? 'defineRoutes(defineModule({ … }))' : 'defineModule({ … })';
    throw invalid(`${where}: \`${name}[${position}]\` is not what ${maker} makes.`);
  });
}

/**
 * Refuses domains that would get into each other's way: leases, frontiers and metrics go by the module's name, events by
 * the program's address, documents by their collection. `addresses` are those set otherwise than the module says.
 * @throws MooringError `domains-invalid` naming both.
 */
export function assertDistinct(
  domains: readonly DomainRoutes[],
  where: string,
  addresses: Readonly<Record<string, string | undefined>> = {},
): void {
  const owners = new Map<string, string>();
  const claim = (what: string, module: DomainModule) => {
    const owner = owners.get(what);
    if (owner !== undefined) {
      const both = owner === module.name ? `${owner} twice` : `${owner} and ${module.name}`;
      throw invalid(`${where}: ${what} belongs to ${both}. It can belong to one module, once.`);
    }
    owners.set(what, module.name);
  };
  for (const { module } of domains) {
    claim(`the name ${module.name}`, module);
    claim(`the program ${addresses[module.name] ?? module.program.address}`, module);
    for (const { collection } of [...module.models, ...module.ownCollections]) {
      if (RESERVED.has(collection)) {
        throw invalid(
          `${where}: ${module.name} names the collection ${collection}, which is mooring's own: take another name.`,
        );
      }
      claim(`the collection ${collection}`, module);
    }
  }
}

/**
 * The domains of these names, in the order they are installed. `where` is the file that lists them all.
 * @throws MooringError `domains-invalid` naming those that are installed.
 */
export function chosenFrom(
  domains: readonly DomainRoutes[],
  names: readonly string[],
  where: string,
): readonly DomainRoutes[] {
  const installed = domains.map(({ module }) => module.name);
  const unknown = names.filter((name) => !installed.includes(name));
  if (unknown.length > 0) {
    throw invalid(`PROGRAMS names ${unknown.join(', ')}. Installed are: ${installed.join(', ')} (${where}).`);
  }
  return domains.filter(({ module }) => names.includes(module.name));
}

function isDomain(entry: unknown): entry is DomainRoutes {
  return (
    isObject(entry) && isModule(entry['module']) && Array.isArray(entry['reads']) && Array.isArray(entry['commands'])
  );
}

function isModule(entry: unknown): entry is DomainModule {
  if (!isObject(entry)) return false;
  const { name, version, program, models, events, accounts, settle } = entry;
  const isNamed = typeof name === 'string' && name !== '' && typeof version === 'number';
  const hasProgram = isObject(program) && isObject(program['idl']) && isAddress(String(program['address']));
  return isNamed && hasProgram && [models, settle].every(Array.isArray) && isObject(events) && isObject(accounts);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function invalid(message: string): MooringError {
  return new MooringError('domains-invalid', message);
}
