import { ApiKeys } from '../../api/api-keys.js';
import type { Check } from '../../ops/doctor/check.js';
import { failUnread } from '../../ops/doctor/judge-endpoint.js';
import {
  judgeApiKeys,
  judgeBalances,
  judgeHolders,
  judgeKeys,
  judgeNoKeys,
  judgePauses,
  judgeTroubled,
  type SignerReading,
} from '../../ops/doctor/judge-signers.js';
import type { Judgement } from '../../ops/doctor/finding.js';
import { watchNodes } from '../../leases/watch-nodes.js';
import { loadSigners } from '../../transactions/keypair-signers.js';
import { listSigners, readSigners } from '../../transactions/read-signers.js';
import { OPEN_STATES } from '../../transactions/transaction-store.js';
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
        return judgeBalances(
          asked.map((address, at) => ({ address, lamports: accounts[at]?.lamports ?? 0n })),
          config.alertSignerLamports,
        );
      },
    });
  }
  if (config.mongodbUri !== undefined) {
    const signers = once(readWork);
    const ofWork = (id: string, checked: string, judge: (read: readonly SignerReading[]) => Judgement): Check => ({
      ...base,
      ...{ id, checked, whenUnread: unread, needs: [DATABASE_ANSWERS] },
      // Whoever is silent for a term is dead: that long it takes to know.
      limitMs: QUESTION_LIMIT_MS + config.leaseTermMs,
      look: async () => judge(await signers()),
    });
    checks.push(
      ofWork('signers.holders', 'who works on transactions', judgeHolders),
      ofWork('signers.pauses', 'paused signers', judgePauses),
      ofWork('signers.troubled', 'transactions in trouble', judgeTroubled),
    );
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

  async function readWork(): Promise<readonly SignerReading[]> {
    const { db } = await database();
    const nodes = await watchNodes(db, clock, config.leaseTermMs);
    const deps = { db, clock, nodes, chain: null };
    const views = await readSigners(deps, await listSigners(deps));
    return views.map(({ address, lease, servedBy, requests, paused, troubled }) => ({
      ...{ address, troubled, holder: lease.isAlive ? lease.holder : null, isServed: servedBy.length > 0 },
      open: OPEN_STATES.reduce((sum, state) => sum + requests[state], 0),
      pause: paused && { reason: paused.reason, ms: clock.now() - paused.since.getTime() },
    }));
  }
}
