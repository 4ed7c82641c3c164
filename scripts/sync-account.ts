import { programOf } from '../src/app/blockchain-sync.js';
import { syncAccount, type SyncedAccount } from '../src/app/sync-account.js';
import { toJson } from '../src/lib/json.js';
import { commandLine } from './command/command-line.js';
import { endOnInterrupt } from './command/interrupt.js';
import { installedModule, programOption } from './command/program-option.js';
import { withFoundation } from './command/with-foundation.js';

/** Documented in --help. */
const EXIT = { right: 0, open: 1 } as const;

interface Options {
  readonly program?: string;
  readonly json: boolean;
}

const command = commandLine('sync-account')
  .description('Brings the documents of accounts to what the chain says of them at finalized, through the ledger.')
  .argument('<addresses...>', 'base58 addresses of accounts')
  .addOption(programOption('the program they belong to (default: found out)'))
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
Where no worker runs for the program, this command puts the documents right itself. An account that is gone has its document
marked as orphaned; npm run cleanup-orphaned removes it.

Exit code: 0 when every document is what the chain says, or marked, 1 when one is not (yet), 2 when it could not be done or was
asked wrongly, 130 when it was interrupted.

Examples:
  npm run sync-account -- 6sW4…
  npm run sync-account -- --program coupons --json 6sW4… 9bYk… | tail -1 | jq .accounts`,
  )
  .parse();
const options = command.opts<Options>();
const addresses = command.args;

endOnInterrupt({ what: 'Interrupted: what was asked for is done by the worker', json: options.json });
await withFoundation({ what: 'Nothing was brought up to date', json: options.json }, async (foundation) => {
  const accounts: SyncedAccount[] = [];
  for (const address of addresses) {
    const program =
      options.program === undefined
        ? await programOf(foundation, address, null)
        : installedModule(foundation, options.program);
    const synced = await syncAccount(foundation, program, address);
    console.log(`${address}  ${describe(synced)}`);
    accounts.push(synced);
  }
  if (options.json) console.log(toJson({ accounts }));
  const isRight = ({ outcome }: SyncedAccount) => ['equal', 'synced', 'marked'].includes(outcome);
  process.exitCode = accounts.every(isRight) ? EXIT.right : EXIT.open;
});

function describe({ outcome, collection, difference, slot }: SyncedAccount): string {
  const fields = difference?.fields.map(({ field }) => field).join(', ') ?? '';
  const what = difference ? ` (${difference.kind}${fields === '' ? '' : `: ${fields}`})` : '';
  switch (outcome) {
    case 'equal':
      return `${collection}: is what the chain says at slot ${slot}`;
    case 'synced':
      return `${collection}: put right${what}`;
    case 'marked':
      return `${collection}: has no account any more, marked as orphaned`;
    case 'pending':
      return `${collection}: asked for${what}; whoever projects the program has not done it yet`;
    case 'unsettled':
      return `${collection}: kept changing, or could not be confirmed`;
    case 'unreadable':
      return 'its account cannot be read by the IDL and its handler; npm run doctor says more';
    case 'unknown':
      return 'neither the chain nor the database knows it';
  }
}
