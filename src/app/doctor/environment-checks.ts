import { endpointName } from '../../chain/endpoint-name.js';
import { shownUrl } from '../../config/secret.js';
import type { Check } from '../../ops/doctor/check.js';
import { failUnread } from '../../ops/doctor/judge-endpoint.js';
import { judgeNamed, judgeNode, judgeSettings } from '../../ops/doctor/judge-environment.js';
import packageJson from '../../../package.json' with { type: 'json' };
import { QUESTION_LIMIT_MS } from './limits.js';
import type { Settings } from './read-settings.js';

/** What everything stands on. */
export function environmentChecks({ config, reading }: Settings): Check[] {
  const base = { group: 'environment', subject: null, limitMs: QUESTION_LIMIT_MS, whenUnread: failUnread } as const;
  const { solanaRpcUrls, mongodbUri, mongodbDatabase } = config;
  return [
    {
      ...base,
      ...{ id: 'environment.settings', checked: 'settings' },
      look: async () => judgeSettings(reading),
    },
    {
      ...base,
      ...{ id: 'environment.node', checked: 'Node' },
      look: async () =>
        judgeNode({ running: process.versions.node, least: packageJson.engines.node.replace('>=', '') }),
    },
    {
      ...base,
      ...{ id: 'environment.chain', checked: 'chain' },
      look: async () => judgeNamed('SOLANA_RPC_URL', solanaRpcUrls.map(endpointName)),
    },
    {
      ...base,
      ...{ id: 'environment.database', checked: 'database' },
      look: async () =>
        judgeNamed(
          'MONGODB_URI',
          mongodbUri === undefined ? [] : [`${shownUrl(mongodbUri)}, in it ${mongodbDatabase}`],
        ),
    },
  ];
}
