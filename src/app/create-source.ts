import type { Config } from '../config/env.js';
import { JoinedSource } from '../pipeline/joined-source.js';
import { PollingSource } from '../pipeline/polling-source.js';
import { socketSource } from '../pipeline/socket-source.js';
import type { Source, SourceCallbacks } from '../pipeline/source.js';
import type { Foundation } from './foundation.js';
import { settingsOf } from './settings-of.js';

/** What any source may need. */
interface SourceSetting {
  readonly foundation: Foundation;
  readonly wsUrls: readonly string[];
}

/** Programs that are asked for together. */
interface PolledTogether {
  readonly programIds: readonly string[];
  readonly intervalMs: number;
  readonly pageSize: number;
}

/** One line per source that `SOURCE` may name. */
const SOURCES: Readonly<Record<Config['source'], (setting: SourceSetting, callbacks: SourceCallbacks) => Source>> = {
  socket: ({ foundation: { config, pool, log, machine, modules }, wsUrls }, callbacks) =>
    socketSource(
      {
        ...machine,
        urls: wsUrls,
        programIds: modules.map(({ codec }) => codec.programId),
        chain: pool.chain,
        knownHead: () => pool.knownHead(),
        log,
        timing: { silenceMs: config.silenceMs },
      },
      callbacks,
    ),
  polling: ({ foundation }, callbacks) => {
    const { pool, log, machine } = foundation;
    const [first, ...others] = polledTogether(foundation);
    const make = (programs: PolledTogether, heard: SourceCallbacks) =>
      new PollingSource({ ...programs, pinned: () => pool.pinned(), clock: machine.clock, log }, heard);
    return new JoinedSource([first, ...others], make, callbacks);
  },
};

/** The source that the settings name. */
export function createSource(setting: SourceSetting, callbacks: SourceCallbacks): Source {
  return SOURCES[setting.foundation.config.source](setting, callbacks);
}

/** Programs that are polled alike share the question for the newest slot. */
function polledTogether({ config, modules }: Foundation): [PolledTogether, ...PolledTogether[]] {
  const groups = new Map<string, PolledTogether>();
  for (const { module, codec } of modules) {
    const { pollingIntervalMs: intervalMs, historyPageSize: pageSize } = settingsOf(config, module);
    const key = `${intervalMs}/${pageSize}`;
    const programIds = [...(groups.get(key)?.programIds ?? []), codec.programId];
    groups.set(key, { programIds, intervalMs, pageSize });
  }
  return [...groups.values()] as [PolledTogether, ...PolledTogether[]];
}
