import { watchHolder } from '../../leases/watch-holder.js';
import { listFiringAlerts, readTellable } from '../../ops/alert-store.js';
import type { Check } from '../../ops/doctor/check.js';
import { judgeChannel, judgeFiring, judgeNoMailServer } from '../../ops/doctor/judge-alerts.js';
import { alertChannels } from '../alert-channels.js';
import { ALERTS_LEASE } from '../alert-leases.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** What fires now, and whether every channel of the settings is told. */
export function alertChecks({ config, machine: { clock }, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const base = { group: 'alerts', needs: [DATABASE_ANSWERS], whenUnread: unread } as const;
  const channel = { ...base, id: 'alerts.channel', checked: 'told', limitMs: QUESTION_LIMIT_MS };
  const { leaseTermMs, alertEmailTo, smtpUrl } = config;
  return [
    {
      ...base,
      ...{ id: 'alerts.firing', subject: null, checked: 'firing', limitMs: leaseTermMs + QUESTION_LIMIT_MS },
      look: async () => {
        const { db } = await database();
        const { isAlive } = await watchHolder(db, clock, ALERTS_LEASE, leaseTermMs);
        return judgeFiring(await listFiringAlerts(db), isAlive, clock.now());
      },
    },
    ...alertChannels(config).map(({ name }): Check => ({
      ...channel,
      subject: name,
      look: async () => {
        const known = await readTellable((await database()).db, name);
        return judgeChannel(
          known.flatMap(({ told }) => told ?? []),
          clock.now(),
        );
      },
    })),
    ...(alertEmailTo !== undefined && smtpUrl === null
      ? [{ ...channel, subject: 'email', look: () => Promise.resolve(judgeNoMailServer()) }]
      : []),
  ];
}
