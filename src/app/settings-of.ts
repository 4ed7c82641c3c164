import type { Config } from '../config/env.js';
import {
  isInRange,
  PROGRAM_SETTING_NAMES,
  PROGRAM_VARIABLES,
  programVariable,
  rangeOf,
  readProgramVariable,
} from '../config/program-variables.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { ProgramSettings } from '../domain-kit/program-settings.js';
import { MooringError } from '../lib/errors.js';

/**
 * How a program is followed. Of what says so the first counts: its own variable (`STAKE_VAULT_CONFIRMATIONS`), the variable
 * of all programs (`CONFIRMATIONS`), its module, and mooring's default.
 * @throws MooringError `config-invalid` naming every bad variable of the program and what to write instead;
 *   `domains-invalid` where the module says what cannot be.
 */
export function settingsOf(
  { programSettings, programVariables }: Pick<Config, 'programSettings' | 'programVariables'>,
  { name, settings: ofModule }: Pick<DomainModule, 'name' | 'settings'>,
): ProgramSettings {
  const problems: string[] = [];
  const values = PROGRAM_SETTING_NAMES.map((setting) => {
    const said = ofModule[setting];
    if (said !== undefined && !isInRange(setting, said)) {
      throw new MooringError(
        'domains-invalid',
        `The module ${name} says ${setting}: ${said} in its settings; it must be ${rangeOf(setting)}.`,
      );
    }
    const variable = programVariable(name, setting);
    const text = programVariables[variable];
    if (text !== undefined) {
      const read = readProgramVariable(setting, text);
      if ('value' in read) return [setting, read.value] as const;
      problems.push(`  ${variable} ${read.problem}`);
    }
    return [setting, programSettings[setting] ?? said ?? PROGRAM_VARIABLES[setting].fallback] as const;
  });
  if (problems.length > 0) {
    throw new MooringError(
      'config-invalid',
      `The environment has ${problems.length} bad variable(s); correct them in .env or where you start the process:\n${problems.join('\n')}`,
    );
  }
  return Object.freeze(Object.fromEntries(values)) as unknown as ProgramSettings;
}
