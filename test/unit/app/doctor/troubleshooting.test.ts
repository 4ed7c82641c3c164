import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import bs58 from 'bs58';
import { describe, expect, it } from 'vitest';
import { openVisit } from '../../../../src/app/doctor/open-visit.js';
import { thisMachine } from '../../../../src/app/machine.js';
import { packageRoot } from '../../../../src/dev/package-root.js';
import { coupons } from '../../../../src/domains/coupons/module.js';

const page = readFileSync(join(packageRoot(), 'docs', 'troubleshooting.md'), 'utf8');
/** The middle column of each table of symptoms, as `Group: line, line; Group: line`. */
const cells = [...page.matchAll(/^\| [^|]+ \| ([A-Z][a-z]+: [^|]+?) +\|/gm)].map(([, cell]) => cell ?? '');

/** Nothing is connected to before a check is made. */
async function lines(): Promise<string[]> {
  const { checks } = await openVisit({
    env: {
      SOLANA_RPC_URL: 'http://127.0.0.1:1',
      MONGODB_URI: 'mongodb://127.0.0.1:1',
      SIGNER_SECRET_KEYS: bs58.encode(Keypair.generate().secretKey),
    },
    ...{ dotEnv: { state: 'absent', names: [] }, machine: thisMachine(), modules: async () => [coupons] },
  });
  return checks.map(({ group, checked }) => `${group}: ${checked}`);
}

describe('docs/troubleshooting.md', () => {
  it('sends people to lines that the doctor has', async () => {
    const named = cells.flatMap((cell) =>
      cell.split('; ').flatMap((part) => {
        const [group = '', names = ''] = part.split(': ');
        return names.split(', ').map((name) => `${group.toLowerCase()}: ${name}`);
      }),
    );
    expect(named.length).toBeGreaterThan(25);
    const known = await lines();
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each([
    'The event listener does not start',
    'Events are not processed',
    'Documents are not what the chain says',
    'Much memory is used',
  ])('answers: %s (003-17)', (symptom) => {
    expect(page).toContain(`## ${symptom}`);
  });
});
