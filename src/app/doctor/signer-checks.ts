import { ApiKeys } from '../../api/api-keys.js';
import type { Check } from '../../ops/doctor/check.js';
import { failUnread } from '../../ops/doctor/judge-endpoint.js';
import { judgeApiKeys, judgeBalances, judgeKeys, judgeNoKeys } from '../../ops/doctor/judge-signers.js';
import { loadSigners } from '../../transactions/keypair-signers.js';
import { answersKey } from './chain-checks.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { once } from './once.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** Who signs for the API, whether they can pay, and who may ask them to. */
export function signerChecks({ config, machine: { clock }, endpoints, anyEndpoint, database }: Visit): Check[] {
  const { signerKeypairPaths: keypairPaths, signerSecretKeys: secretKeys, apiKeysForReads } = config;
  const isSigning = keypairPaths.length + secretKeys.length > 0;
  const addresses = once(async () => (await loadSigners({ keypairPaths, secretKeys })).addresses);
  const base = { group: 'signers', subject: null, limitMs: QUESTION_LIMIT_MS } as const;
  const checks: Check[] = [
    {
      ...base,
      ...{ id: 'signers.keys', checked: 'keys', whenUnread: judgeNoKeys },
      look: async () => judgeKeys(await addresses()),
    },
  ];
  if (isSigning && anyEndpoint) {
    checks.push({
      ...base,
      ...{ id: 'signers.balances', checked: 'balances', whenUnread: failUnread },
      needs: ['signers.keys'],
      needsOneOf: endpoints.map(({ name }) => answersKey(name)),
      look: async () => {
        const asked = await addresses();
        const { accounts } = await anyEndpoint.chain.accounts(asked, 'confirmed');
        return judgeBalances(asked.map((address, at) => ({ address, lamports: accounts[at]?.lamports ?? 0n })));
      },
    });
  }
  if (config.mongodbUri !== undefined) {
    checks.push({
      ...base,
      ...{ id: 'signers.api-keys', checked: 'API keys', whenUnread: unread },
      needs: [DATABASE_ANSWERS],
      look: async () => {
        const active = (await new ApiKeys((await database()).db, clock).list()).filter((key) => key.revokedAt === null);
        const writing = active.filter(({ scopes }) => scopes.includes('write')).length;
        return judgeApiKeys({ active: active.length, writing, isWanted: isSigning || apiKeysForReads });
      },
    });
  }
  return checks;
}
