import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { messageOf } from '../../lib/errors.js';
import type { SettingsReading } from '../../ops/doctor/judge-environment.js';

/** What can be told of a `.env` file without showing a value of it. */
export interface DotEnv {
  readonly state: SettingsReading['dotEnv'];
  readonly names: readonly string[];
}

/** Looks at a `.env` file; sets nothing. */
export function lookAtDotEnv(path = '.env'): DotEnv {
  if (!existsSync(path)) return { state: 'absent', names: [] };
  try {
    return { state: 'read', names: Object.keys(parseEnv(readFileSync(path, 'utf8'))) };
  } catch (error) {
    return { state: { unreadable: messageOf(error) }, names: [] };
  }
}
