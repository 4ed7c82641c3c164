import { stateModels } from '../../domain-kit/domain-module.js';
import type { Check } from '../../ops/doctor/check.js';
import { fail, ok, skipped } from '../../ops/doctor/finding.js';
import { failUnread } from '../../ops/doctor/judge-endpoint.js';
import {
  judgeAddress,
  judgeChainIdl,
  judgeDeployed,
  judgeHandlers,
  judgeMirrored,
  judgeSamples,
  judgeTypes,
} from '../../ops/doctor/judge-program.js';
import { mirroredFields } from '../../reconcile/mirrored-fields.js';
import type { InstalledModule } from '../foundation.js';
import { answersKey } from './chain-checks.js';
import { LIST_LIMIT_MS, QUESTION_LIMIT_MS } from './limits.js';
import { askChainIdl, askDeployed, readSamples } from './program-questions.js';
import type { Visit } from './visit.js';

/** A program that is installed, or why it cannot be. */
export type Installation = { readonly name: string } & (
  { readonly installed: InstalledModule } | { readonly problem: string }
);

/** What is asked of each installed program: on the chain, of its IDL, and of its module. */
export function programChecks(visit: Visit, installations: readonly Installation[]): Check[] {
  return installations.flatMap((one) => {
    const usable: Check = {
      ...{ id: 'program.idl', group: 'programs', subject: one.name, checked: 'IDL', limitMs: QUESTION_LIMIT_MS },
      look: async () =>
        'problem' in one
          ? fail(one.problem, `Correct idl/${one.name}.json (anchor build makes it) and the module ${one.name}.`)
          : ok(`${one.installed.codec.eventNames.length} events, ${one.installed.codec.accountNames.length} accounts`),
      whenUnread: failUnread,
    };
    return 'problem' in one ? [usable] : [usable, ...checksOf(visit, one.installed)];
  });
}

function checksOf(visit: Visit, installed: InstalledModule): Check[] {
  const { module, codec } = installed;
  const { name, program } = module;
  const base = { group: 'programs', subject: name, limitMs: QUESTION_LIMIT_MS, whenUnread: failUnread } as const;
  const setting = addressSetting(visit, name);
  const { anyEndpoint } = visit;
  const onModule: Check[] = [
    {
      ...base,
      ...{ id: 'program.types', checked: 'types of the IDL' },
      look: async () => judgeTypes(codec.unsupported),
    },
    {
      ...base,
      ...{ id: 'program.address', checked: 'address in the IDL' },
      look: async () => judgeAddress({ idl: program.idl.address, followed: codec.programId }, setting),
    },
    {
      ...base,
      ...{ id: 'program.handlers', checked: 'event handlers' },
      look: async () => {
        const olderEvents = program.history.flatMap(({ idl }) => (idl.events ?? []).map((event) => event.name));
        return judgeHandlers({ events: codec.eventNames, olderEvents, handlers: Object.keys(module.events) }, name);
      },
    },
    {
      ...base,
      ...{ id: 'program.models', checked: 'account handlers' },
      look: async () => {
        const collections = (models: Iterable<{ readonly collection: string }>) =>
          [...models].map(({ collection }) => collection);
        const models = stateModels(module).filter(({ mirrorsAccounts }) => mirrorsAccounts);
        const mirrored = collections(mirroredFields(module, codec).keys());
        return judgeMirrored({ models: collections(models), mirrored }, name);
      },
    },
  ];
  if (!anyEndpoint) return onModule;
  const { transport, chain } = anyEndpoint;
  const onChain = { ...base, needsOneOf: visit.endpoints.map((endpoint) => answersKey(endpoint.name)) };
  return [
    {
      ...onChain,
      ...{ id: 'program.deployed', checked: 'deployed' },
      look: async () => judgeDeployed(codec.programId, await askDeployed(transport, codec.programId), setting),
    },
    ...onModule,
    {
      ...onChain,
      ...{ id: 'program.samples', checked: 'accounts decode', limitMs: LIST_LIMIT_MS },
      needs: [`program.deployed ${name}`],
      look: async () => judgeSamples(await readSamples({ transport, chain }, installed)),
      whenUnread: ({ message }) => skipped(`no account could be read: ${message}`),
    },
    {
      ...onChain,
      ...{ id: 'program.chain-idl', checked: 'IDL on the chain' },
      needs: [`program.deployed ${name}`],
      look: async () => judgeChainIdl(await askChainIdl(chain, codec.programId, program.idl), name),
      whenUnread: ({ message }) => skipped(`it cannot be read: ${message}`),
    },
  ];
}

/** Where a person says the address of a program. */
function addressSetting({ config }: Visit, name: string): string {
  const inModule = `the address in idl/${name}.json or in the module ${name}`;
  return name in config.programAddresses
    ? `${name.toUpperCase().replaceAll('-', '_')}_PROGRAM_ID (unset: ${inModule})`
    : inModule;
}
