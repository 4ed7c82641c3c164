import { environmentSchema, readConfig, type Config } from '../../config/env.js';
import { isProgramVariable } from '../../config/program-variables.js';
import type { SettingsReading } from '../../ops/doctor/judge-environment.js';
import type { DotEnv } from './dot-env.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings as far as they can be used: one that cannot is as if it were not set, so that the rest is looked at. */
export interface Settings {
  readonly config: Config;
  readonly reading: SettingsReading;
}

/** Reads the settings, and says what is wrong with those that cannot be used. */
export function readSettings(env: Environment, dotEnv: DotEnv): Settings {
  const isKnown = (name: string) => Object.hasOwn(environmentSchema.shape, name) || isProgramVariable(name);
  const set = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => isKnown(name) && value !== undefined && value.trim() !== ''),
  );
  const parsed = environmentSchema.safeParse(set);
  const refused = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    name: path.map(String).join('.'),
    problem: message,
  }));
  const usable = without(
    set,
    refused.map(({ name }) => name),
  );
  const together = problemsTogether(readConfig(usable));
  const config = readConfig(
    without(
      usable,
      together.map(({ name }) => name),
    ),
  );
  return {
    config,
    reading: {
      dotEnv: dotEnv.state,
      set: Object.keys(set).length,
      problems: [...refused, ...together],
      misspelt: [],
      strangers: [],
    },
  };
}

/** What each variable's own form does not show, and no process would start with. */
function problemsTogether(config: Config): { readonly name: string; readonly problem: string }[] {
  const { solanaRpcUrls, solanaWsUrls, rpcRequestsPerSecond: rates } = config;
  const problems: { name: string; problem: string }[] = [];
  const noUrl = (urls: readonly string[]) => urls.findIndex((url) => !URL.canParse(url)) + 1;
  if (noUrl(solanaRpcUrls) > 0) {
    problems.push({ name: 'SOLANA_RPC_URL', problem: `entry ${noUrl(solanaRpcUrls)} is no URL` });
  }
  if (noUrl(solanaWsUrls) > 0) {
    problems.push({ name: 'SOLANA_WS_URL', problem: `entry ${noUrl(solanaWsUrls)} is no URL` });
  }
  if (rates.length > 1 && rates.length !== solanaRpcUrls.length) {
    problems.push({
      name: 'RPC_REQUESTS_PER_SECOND',
      problem: `has ${rates.length} numbers for ${solanaRpcUrls.length} endpoint(s): write one for all, or one for each in the order of SOLANA_RPC_URL`,
    });
  }
  return problems;
}

function without(env: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
