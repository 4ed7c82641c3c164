import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../../src/app/settings-of.js';
import { readConfig } from '../../../src/config/env.js';
import { PROGRAM_SETTING_NAMES, PROGRAM_VARIABLES } from '../../../src/config/program-variables.js';
import type { ProgramSettings } from '../../../src/domain-kit/program-settings.js';

const shop = { name: 'red-shop', settings: {} };
const of = (env: Readonly<Record<string, string>>, settings: Partial<ProgramSettings> = {}) =>
  settingsOf(readConfig(env), { ...shop, settings });

describe('the settings of a program', () => {
  it.each(PROGRAM_SETTING_NAMES)(
    '%s: its own variable, then that of all, then its module, then the default',
    (name) => {
      const { variable, fallback, min, max } = PROGRAM_VARIABLES[name];
      const env = {
        [`RED_SHOP_${variable}`]: String(max),
        [variable]: String(min),
        [`BLUE_SHOP_${variable}`]: 'nobody',
      };
      const module = { [name]: fallback + 1 <= max ? fallback + 1 : fallback - 1 };
      expect(of(env, module)[name]).toBe(max);
      expect(of({ [variable]: String(min) }, module)[name]).toBe(min);
      expect(of({}, module)[name]).toBe(module[name]);
      expect(of({})[name]).toBe(fallback);
    },
  );

  it('that are bad are all named, with what to write instead', () => {
    const bad = { RED_SHOP_CONFIRMATIONS: 'two', RED_SHOP_HISTORY_PAGE_SIZE: '1001', RED_SHOP_HANDLER_ATTEMPTS: '2' };
    expect(() => of(bad)).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: [
          'The environment has 2 bad variable(s); correct them in .env or where you start the process:',
          '  RED_SHOP_HISTORY_PAGE_SIZE must be a whole number from 1 to 1000',
          '  RED_SHOP_CONFIRMATIONS must be a whole number from 0 to 10000',
        ].join('\n'),
      }) as Error,
    );
    expect(() => readConfig({ CONFIRMATIONS: 'two' })).toThrow(
      '  CONFIRMATIONS must be a whole number from 0 to 10000',
    );
    expect(() => of({}, { handlerAttempts: 0 })).toThrow(
      'The module red-shop says handlerAttempts: 0 in its settings; it must be a whole number from 1 to 100.',
    );
  });
});
