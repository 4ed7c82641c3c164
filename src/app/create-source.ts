import type { Config } from '../config/env.js';
import { PollingSource } from '../pipeline/polling-source.js';
import { socketSource } from '../pipeline/socket-source.js';
import type { Source, SourceCallbacks } from '../pipeline/source.js';
import type { Foundation } from './foundation.js';

/** What any source may need. */
interface SourceSetting {
  readonly foundation: Foundation;
  readonly wsUrls: readonly string[];
  readonly programIds: readonly string[];
}

/** One line per source that `SOURCE` may name. */
const SOURCES: Readonly<Record<Config['source'], (setting: SourceSetting, callbacks: SourceCallbacks) => Source>> = {
  socket: ({ foundation: { config, pool, log, machine }, wsUrls, programIds }, callbacks) =>
    socketSource(
      {
        ...machine,
        urls: wsUrls,
        programIds,
        chain: pool.chain,
        knownHead: () => pool.knownHead(),
        log,
        timing: { silenceMs: config.silenceMs },
      },
      callbacks,
    ),
  polling: ({ foundation: { config, pool, log, machine }, programIds }, callbacks) =>
    new PollingSource(
      { programIds, pinned: () => pool.pinned(), intervalMs: config.pollingIntervalMs, clock: machine.clock, log },
      callbacks,
    ),
};

/** The source that the settings name. */
export function createSource(setting: SourceSetting, callbacks: SourceCallbacks): Source {
  return SOURCES[setting.foundation.config.source](setting, callbacks);
}
