import { fail, ok, skipped, warn, type Judgement } from './finding.js';
import { counted, listed } from './words.js';

const OWN_PROGRAM = 'docs/your-own-program.md';

/** What stands at a program's address. */
export type DeployedReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'account'; readonly owner: string; readonly executable: boolean }
  /** An upgradeable program whose code was closed. */
  | { readonly kind: 'closed' };

/** Whether there is a program at the address that events are looked for at. */
export function judgeDeployed(address: string, reading: DeployedReading, setting: string): Judgement {
  const check = `Check ${setting}, and that SOLANA_RPC_URL leads to the cluster it was deployed on (solana program show ${address}).`;
  switch (reading.kind) {
    case 'absent':
      return fail(`there is nothing at ${address} on this chain: no event would ever be heard`, check);
    case 'closed':
      return fail(`the program at ${address} was closed`, check);
    case 'account':
      return reading.executable
        ? ok(`${address} is executable`)
        : fail(`${address} is an account of ${reading.owner}, not a program`, check);
  }
}

/** What stands at the address of the vault whose stakes make developers. */
export type VaultReading = { readonly kind: 'absent' | 'vault' | 'other type' } | { readonly owner: string };

/** Whether stakes in it can make developers: in what is no vault nobody can stake, and nobody would ever be one. */
export function judgeVault(address: string, reading: VaultReading): Judgement {
  const advice = 'Correct STAKE_VAULT_ADDRESS (GET /api/vaults lists vaults) and restart worker and API.';
  if ('owner' in reading) return fail(`${address} is an account of ${reading.owner}, not of the stake vault`, advice);
  if (reading.kind === 'vault') return ok(`${address} is a vault`);
  if (reading.kind === 'absent') return fail(`there is nothing at ${address} on this chain`, advice);
  return fail(`${address} is an account of the stake vault, but no vault`, advice);
}

/** Whether the IDL speaks of the program that is followed. An Anchor program refuses to run where it was not declared. */
export function judgeAddress(
  { idl, followed }: { readonly idl: string; readonly followed: string },
  setting: string,
): Judgement {
  if (idl === followed) return ok(`the IDL says ${idl} too`);
  return warn(
    `followed is ${followed}, the IDL is of ${idl}`,
    `Install the IDL of the deployment that is followed, or correct ${setting}.`,
  );
}

/** Names of events as the IDLs and the module have them. */
export interface HandlersReading {
  /** Of the newest IDL. */
  readonly events: readonly string[];
  /** Of older ones, which what happened in their slots is decoded by. */
  readonly olderEvents: readonly string[];
  readonly handlers: readonly string[];
}

/** Whether every event has a handler, and every handler an event. */
export function judgeHandlers({ events, olderEvents, handlers }: HandlersReading, name: string): Judgement {
  const known = [...new Set([...events, ...olderEvents])];
  const without = known.filter((event) => !handlers.includes(event));
  const needless = handlers.filter((handler) => !known.includes(handler));
  const parts = [
    ...(without.length > 0 ? [`no handler for ${listed(without)}`] : []),
    ...(needless.length > 0 ? [`no event for the handler ${listed(needless)}`] : []),
  ];
  if (without.length > 0) {
    return fail(
      parts.join('; '),
      `Add ${without.length === 1 ? 'it' : 'them'} to \`events\` of the module ${name} (${OWN_PROGRAM}): until then each becomes a dead letter. A handler that needs nothing returns [].`,
    );
  }
  if (needless.length > 0) {
    return warn(
      parts.join('; '),
      `It never runs: rename it in the module ${name} to what the IDL says, or install the IDL that has its event.`,
    );
  }
  return ok(`${counted(events.length, 'event')}, each with its handler`);
}

/** Whether every state model that mirrors accounts can be compared with them. */
export function judgeMirrored(
  { models, mirrored }: { readonly models: readonly string[]; readonly mirrored: readonly string[] },
  name: string,
): Judgement {
  const without = models.filter((model) => !mirrored.includes(model));
  if (without.length === 0) return ok(`${counted(models.length, 'state model')}, each filled by an account handler`);
  return warn(
    `no account handler fills ${listed(without)}`,
    `Add one to \`accounts\` of the module ${name}: without it audit and reconcile compare these documents with the ledger only (docs/audit.md). Where events alone make them: \`mirrorsAccounts: false\` in defineState.`,
  );
}

/** Whether the decoder can read every event and account that the IDL has. */
export function judgeTypes(
  unsupported: readonly { readonly what: string; readonly name: string; readonly reason: string }[],
): Judgement {
  if (unsupported.length === 0) return ok('the decoder reads all of them');
  return fail(
    unsupported.map(({ what, name, reason }) => `${what} ${name}: ${reason}`).join('; '),
    'Each of them becomes a dead letter: correct the IDL (anchor idl build), or change the type in the program.',
  );
}

/** What became of one account of a type that was read from the chain. */
export interface SampleReading {
  readonly type: string;
  readonly outcome: 'decoded' | 'none' | { readonly address: string; readonly detail: string };
}

/** Whether the IDL explains the accounts that are on the chain. */
export function judgeSamples(samples: readonly SampleReading[]): Judgement {
  const wrong = samples.flatMap(({ type, outcome }) =>
    typeof outcome === 'object' ? [`${type} ${outcome.address}: ${outcome.detail}`] : [],
  );
  if (wrong.length > 0) {
    return fail(
      wrong.join('; '),
      'The IDL is not that of the deployed program: install its IDL, and keep the one before in program.history (docs/operations.md, After an upgrade of the program).',
    );
  }
  const none = samples.filter(({ outcome }) => outcome === 'none').map(({ type }) => type);
  if (none.length === samples.length) return skipped('there are no accounts of this program on the chain yet');
  const decoded = samples.length - none.length;
  return ok(
    `one each of ${counted(decoded, 'type')} decoded${none.length > 0 ? `; there is no ${listed(none)} yet` : ''}`,
  );
}

/** The IDL that the program's deployer put on the chain, compared with ours. */
export type ChainIdlReading =
  | { readonly kind: 'absent' }
  /** Anchor before 0.30 wrote no discriminators: there is nothing to compare by. */
  | { readonly kind: 'old-format' }
  | { readonly kind: 'compared'; readonly differing: readonly string[] };

/** Whether our IDL is the one on the chain. Most programs have none there: nothing is said of it then. */
export function judgeChainIdl(reading: ChainIdlReading, name: string): Judgement | null {
  switch (reading.kind) {
    case 'absent':
    case 'old-format':
      return null;
    case 'compared':
      return reading.differing.length === 0
        ? ok('the IDL on the chain has the same events, accounts and types')
        : warn(
            `the IDL on the chain differs in ${listed(reading.differing)}`,
            `Fetch it (anchor idl fetch) into idl/${name}.json, run npm run idl-types, and keep the one before in program.history (docs/operations.md, After an upgrade of the program).`,
          );
  }
}
