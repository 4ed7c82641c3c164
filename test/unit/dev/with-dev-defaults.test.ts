import { describe, expect, it } from 'vitest';
import { withDevDefaults } from '../../../scripts/dev/with-dev-defaults.js';
import { readConfig } from '../../../src/config/env.js';

describe('the settings of npm run dev (002-5)', () => {
  it('let webhooks go to localhost where nobody says otherwise', () => {
    expect(readConfig({}).webhooksAllowPrivate).toBe(false);
    expect(readConfig(withDevDefaults({})).webhooksAllowPrivate).toBe(true);
    expect(readConfig(withDevDefaults({ WEBHOOKS_ALLOW_PRIVATE: '' })).webhooksAllowPrivate).toBe(true);
    expect(readConfig(withDevDefaults({ WEBHOOKS_ALLOW_PRIVATE: 'false' })).webhooksAllowPrivate).toBe(false);
  });

  it('leave everything else as it is', () => {
    const set = { LOG_LEVEL: 'debug', LOG_PRETTY: 'false', PORT: '0' };
    expect(withDevDefaults(set)).toEqual({ ...set, WEBHOOKS_ALLOW_PRIVATE: 'true' });
  });
});
