import { expect, it } from 'vitest';
import { installedModule } from '../../../scripts/command/program-option.js';
import type { InstalledModule } from '../../../src/app/foundation.js';
import { coupons } from '../../../src/domains/coupons/module.js';

it('finds an installed module by its name, and names those there are for any other', () => {
  const one = { module: coupons } as InstalledModule;
  expect(installedModule({ modules: [one], config: { domainsPath: undefined } }, 'coupons')).toBe(one);
  expect(() => installedModule({ modules: [one], config: { domainsPath: './mine.js' } }, 'typo')).toThrow(
    'There is no program typo. Installed are: coupons (./mine.js).',
  );
});
