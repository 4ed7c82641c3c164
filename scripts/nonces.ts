import { growNonces } from '../src/transactions/nonces/grow-nonces.js';
import { NonceStore } from '../src/transactions/nonces/nonce-store.js';
import type { NonceWork } from '../src/transactions/nonces/nonce-work.js';
import { repairNonces } from '../src/transactions/nonces/repair-nonces.js';
import { withdrawNonces } from '../src/transactions/nonces/withdraw-nonces.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { endOnInterrupt } from './command/interrupt.js';
import { wholeNumber } from './command/whole-number.js';
import { withDatabase } from './command/with-database.js';
import { withFoundation } from './command/with-foundation.js';
import { describeGrown, describeList, describeRepaired, describeWithdrawn } from './nonces/describe-nonces.js';
import { authoritiesOf, chosenAuthority, openNonceWork } from './nonces/open-work.js';

const EXIT_NOT_ALL = 1;
/** One signer's; more would not be looked through in one go. */
const MOST = 1_000;

const program = commandLine('nonces')
  .description('Makes, lists, repairs and closes the nonce accounts that long-lived transactions are signed over.')
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
A transaction that is signed over a nonce account does not expire after a minute. available: for whoever comes next.
claimed: one managed transaction has it. cooling: given back, and not used again before it has a new value in a finalized
block. broken: not used; repair says why and does what can be done. docs/nonces.md has the whole of it.

Accounts are derived from the signer that they belong to, so a command that was killed goes on when it is given again.

Exit code: 0 done, 1 not all of it, 2 it could not be done, or was asked wrongly, 130 interrupted.

Examples:
  npm run nonces -- create --count 10
  npm run nonces -- grow --to 25
  npm run nonces -- list
  npm run nonces -- repair
  npm run nonces -- withdraw --dry-run`,
  );

const { isJson, print } = commandOutput(program);

program
  .command('list')
  .description('Every nonce account, as the database has it.')
  .option('--authority <address>', 'only those of this signer')
  .action(({ authority }: { authority?: string }) =>
    withDatabase(failure(), undefined, async ({ db }) => {
      const store = new NonceStore(db);
      const [nonces, counts] = [await store.list(authority), await store.counts(authority)];
      print({ counts, nonces: nonces.map(({ _id: address, ...rest }) => ({ address, ...rest })) }, [
        ...describeList(nonces, counts),
      ]);
    }),
  );

program
  .command('create')
  .description('Makes and funds them, until the signer has so many.')
  .requiredOption('--count <n>', 'how many the pool is to have', wholeNumber(1, MOST))
  .option('--authority <address>', 'which signer they belong to, and who pays (default: the first one)')
  .action(({ count, authority }: { count: number; authority?: string }) => grow(count, authority));

program
  .command('grow')
  .description('Adds to those there are, until the signer has so many.')
  .requiredOption('--to <n>', 'how many the pool is to have', wholeNumber(1, MOST))
  .option('--authority <address>', 'which signer they belong to, and who pays (default: the first one)')
  .action(({ to, authority }: { to: number; authority?: string }) => grow(to, authority));

program
  .command('repair')
  .description('Compares every one with the chain, says what was wrong, and puts right what can be.')
  .option('--authority <address>', 'only those of this signer')
  .action(({ authority }: { authority?: string }) =>
    onChain(async (work) => {
      const held = authority === undefined ? work.signers.addresses : [chosenAuthority(work, authority)];
      // A signer whose accounts the database has all forgotten is looked after as well.
      const authorities = new Set([...(await authoritiesOf(work, authority)), ...held]);
      const repaired = [];
      for (const one of authorities) repaired.push(await repairNonces(work, one, held.includes(one)));
      if (repaired.some(({ left, unknown }) => left.length + unknown.length > 0)) process.exitCode = EXIT_NOT_ALL;
      print({ repaired }, repaired.flatMap(describeRepaired));
    }),
  );

program
  .command('withdraw')
  .description('Closes those that nobody has, and returns what they hold to their signer.')
  .option('--authority <address>', 'only those of this signer')
  .option('--dry-run', 'only say what it would close')
  .action(({ authority, dryRun }: { authority?: string; dryRun?: true }) =>
    onChain(async (work) => {
      const authorities = (await authoritiesOf(work, authority)).map((one) => chosenAuthority(work, one));
      if (dryRun) {
        const free = (await Promise.all(authorities.map((one) => work.store.list(one)))).flat();
        const wouldClose = free.filter(({ state }) => state === 'available').map(({ _id }) => _id);
        return print({ dryRun, wouldClose }, [...wouldClose, `Would close ${wouldClose.length}.`]);
      }
      const withdrawn = [];
      for (const one of authorities) withdrawn.push(await withdrawNonces(work, one));
      if (withdrawn.some(({ left, unsettled }) => left.length + unsettled.length > 0)) process.exitCode = EXIT_NOT_ALL;
      print(
        { withdrawn },
        withdrawn.length === 0 ? ['There are no nonce accounts.'] : withdrawn.flatMap(describeWithdrawn),
      );
    }),
  );

await program.parseAsync();

function grow(count: number, asked: string | undefined): Promise<void> {
  return onChain(async (work) => {
    const authority = chosenAuthority(work, asked);
    const grown = await growNonces(work, authority, count);
    if (grown.impossible.length + grown.unsettled.length > 0) process.exitCode = EXIT_NOT_ALL;
    print({ authority, ...grown }, describeGrown(authority, grown));
  });
}

function onChain(act: (work: NonceWork) => Promise<void>): Promise<void> {
  endOnInterrupt({ what: 'Interrupted: give the same command again, and it goes on where it was.', json: isJson() });
  return withFoundation(failure(), async (foundation) => act(await openNonceWork(foundation)));
}

function failure() {
  return { what: 'It could not be done', json: isJson() };
}
