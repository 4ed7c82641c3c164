import type { Check } from '../../ops/doctor/check.js';
import { failUnread } from '../../ops/doctor/judge-endpoint.js';
import { judgeVault, type VaultReading } from '../../ops/doctor/judge-program.js';
import { answersKey } from './chain-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { askAccount } from './program-questions.js';
import type { Visit } from './visit.js';

const PROGRAM = 'stake-vault';
const DISCRIMINATOR_BYTES = 8;

/** Whether STAKE_VAULT_ADDRESS is the address of a vault. */
export function vaultChecks({ config, modules, anyEndpoint, endpoints }: Visit): Check[] {
  const address = config.stakeVaultAddress;
  const codec = modules.find(({ module }) => module.name === PROGRAM)?.codec;
  const discriminator = codec?.accountDiscriminator('Vault');
  if (address === null || !codec || !discriminator || !anyEndpoint) return [];
  const look = async (): Promise<VaultReading> => {
    const account = await askAccount(anyEndpoint.transport, address, DISCRIMINATOR_BYTES);
    if (account === null) return { kind: 'absent' };
    if (account.owner !== codec.programId) return { owner: account.owner };
    return { kind: Buffer.compare(account.data, discriminator) === 0 ? 'vault' : 'other type' };
  };
  return [
    {
      ...{ id: 'program.vault', group: 'programs', subject: PROGRAM, checked: 'vault of developers' },
      ...{
        limitMs: QUESTION_LIMIT_MS,
        needsOneOf: endpoints.map(({ name }) => answersKey(name)),
        whenUnread: failUnread,
      },
      look: async () => judgeVault(address, await look()),
    },
  ];
}
