import type { Server } from 'node:http';
import type { ApiKeys } from '../api/api-keys.js';
import { servePush, type PushServer } from '../push/socket-io.js';
import type { Foundation } from './foundation.js';

/** Serves what the installed modules push; null where none of them does. */
export function createPush(
  { config, log, metrics, mongo, modules, machine }: Foundation,
  http: Server,
  apiKeys: Pick<ApiKeys, 'verify'>,
): PushServer | null {
  const pushing = modules.flatMap(({ module: { name, push } }) => (push === null ? [] : [{ name, push }]));
  if (pushing.length === 0) return null;
  const mayListen = async (token: string | null) =>
    token !== null && (await apiKeys.verify(token))?.scopes.includes('read') === true;
  return servePush(http, {
    ...{ db: mongo.db, clock: machine.clock, log, metrics, modules: pushing },
    mayListen: config.apiKeysForReads ? mayListen : null,
    settings: {
      allowedOrigins: config.pushAllowedOrigins,
      polling: config.pushPolling,
      maxClients: config.pushMaxClients,
    },
  });
}
