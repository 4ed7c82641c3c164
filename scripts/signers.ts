import type { RpcPool } from '../src/chain/rpc-pool.js';
import { createPool } from '../src/app/create-pool.js';
import { thisMachine } from '../src/app/machine.js';
import { createSignerOperations } from '../src/app/signer-operations.js';
import { readConfig } from '../src/config/env.js';
import { watchNodes } from '../src/leases/watch-nodes.js';
import { span } from '../src/ops/doctor/words.js';
import type { MongoConnection } from '../src/store/mongo-connection.js';
import { createLogger } from '../src/telemetry/logger.js';
import { createMetrics } from '../src/telemetry/metrics.js';
import type { SignerOperations } from '../src/api/ports.js';
import { OPEN_STATES } from '../src/transactions/transaction-store.js';
import type { SignerView } from '../src/transactions/signer-view.js';
import { commandLine } from './command/command-line.js';
import { commandOutput } from './command/command-output.js';
import { withDatabase } from './command/with-database.js';

const EXIT_NOT = 1;
const LAMPORTS_PER_SOL = 1_000_000_000;

const program = commandLine('signers')
  .description('Who signs writes and how they are worked on; pauses and resumes a signer.')
  .option('--json', 'print one JSON object as the last line')
  .addHelpText(
    'after',
    `
A paused signer signs nothing new; what is signed is followed to its end, and new writes wait. Whether a process lives
shows within LEASE_TERM_MS. Without a chain (SOLANA_RPC_URL) balances are unknown.

Exit code: 0 done, 1 there is no such signer, or it was not paused, 2 it could not be done, or was asked wrongly.

Examples:
  npm run signers -- list
  npm run signers -- show 7xK…
  npm run signers -- pause 7xK… --reason 'key rotation'
  npm run signers -- resume 7xK…
  npm run -s signers -- --json list | tail -1 | jq '.items[] | select(.lease.isAlive | not)'`,
  );

const { isJson, print } = commandOutput(program);

program
  .command('list')
  .description('Every signer that a live process serves, that is paused, or that has requests.')
  .action(() =>
    onSigners(async (signers) => {
      const items = await signers.list();
      print({ items }, items.length === 0 ? ['There is none.'] : items.map(lineOf));
    }),
  );

program
  .command('show')
  .description('Everything about one.')
  .argument('<address>', 'base58, or wallets')
  .action((address: string) =>
    onSigners(async (signers) => {
      const signer = await signers.read(address);
      if (!signer) return sayUnknown(address);
      print(signer, linesOf(signer));
    }),
  );

program
  .command('pause')
  .description('From now on nothing new is signed with it.')
  .argument('<address>', 'base58, or wallets')
  .requiredOption('--reason <text>', 'for whoever finds it paused')
  .action((address: string, { reason }: { reason: string }) =>
    onSigners(async (signers) => {
      const before = await signers.read(address);
      if (!before) return sayUnknown(address);
      await signers.pause(address, reason);
      const again = before.paused ? ` It was paused before: ${before.paused.reason}.` : '';
      print({ address, paused: true, reason, open: openOf(before) }, [
        `${address} is paused: nothing new is signed with it.${again}`,
        ...(openOf(before) > 0 ? [`${openOf(before)} open: what is signed of them is followed to its end.`] : []),
      ]);
    }),
  );

program
  .command('resume')
  .description('Takes the pause back.')
  .argument('<address>', 'base58, or wallets')
  .action((address: string) =>
    onSigners(async (signers) => {
      const before = await signers.read(address);
      if (!before) return sayUnknown(address);
      if (!before.paused) {
        process.exitCode = EXIT_NOT;
        return print({ address, paused: false, changed: false }, [`${address} was not paused.`]);
      }
      await signers.resume(address);
      print({ address, paused: false, changed: true }, [
        `${address} signs again.`,
        ...(before.lease.isAlive ? [] : ['No live process holds its lease now: see npm run signers -- show.']),
      ]);
    }),
  );

await program.parseAsync();

/** Does it with what there is: a chain is asked only where one is set. */
function onSigners(work: (signers: SignerOperations) => Promise<void>): Promise<void> {
  return withDatabase({ what: 'It could not be done', json: isJson() }, undefined, async ({ db }: MongoConnection) => {
    const config = readConfig();
    const machine = thisMachine();
    const { clock } = machine;
    const log = createLogger({ ...config, logLevel: 'silent' }, process.stderr);
    const urls = config.solanaRpcUrls;
    const pool: RpcPool | null = urls.length === 0 ? null : createPool(config, urls, machine, log, createMetrics());
    try {
      const nodes = await watchNodes(db, clock, config.leaseTermMs);
      await work(createSignerOperations({ db, chain: pool?.chain ?? null, clock, nodes }));
    } finally {
      await pool?.close();
    }
  });
}

function sayUnknown(address: string): void {
  process.exitCode = EXIT_NOT;
  print({ address, outcome: 'unknown' }, [`Nobody serves ${address}, and no request ever named it as its signer.`]);
}

function lineOf(signer: SignerView): string {
  const { address, paused, troubled } = signer;
  const facts = [
    balanceOf(signer),
    holderOf(signer),
    `${openOf(signer)} open${signer.oldestOpenMs === null ? '' : ` for ${span(signer.oldestOpenMs)}`}`,
    ...(troubled.length > 0 ? [`${troubled.length} in trouble`] : []),
    ...(paused ? [`PAUSED: ${paused.reason}`] : []),
  ];
  return `${address}  ${facts.join(', ')}`;
}

function linesOf(signer: SignerView): string[] {
  const { address, node, servedBy, paused, requests, troubled, numbers, lastLanded, balance } = signer;
  const counts = Object.entries(requests).filter(([, count]) => count > 0);
  const line = (name: string, text: string) => `${name.padEnd(12)} ${text}`;
  return [
    line('address', address),
    line('balance', balance ? `${balanceOf(signer)} at slot ${balance.slot}` : balanceOf(signer)),
    line('worked on', holderOf(signer)),
    line('belongs to', node ?? 'no process that lives'),
    line('key with', servedBy.length > 0 ? servedBy.join(', ') : 'no process that lives'),
    line('paused', paused ? `since ${paused.since.toISOString()}: ${paused.reason}` : 'no'),
    line('requests', counts.length > 0 ? counts.map(([state, count]) => `${count} ${state}`).join(', ') : 'none'),
    line('oldest open', signer.oldestOpenMs === null ? 'none' : span(signer.oldestOpenMs)),
    line('last landed', lastLanded ? `${lastLanded.id}, slot ${lastLanded.slot ?? 'unknown'}` : 'none'),
    ...numbers.map(({ row, next, free }) =>
      line('numbers', `${row}: next ${next}${free.length > 0 ? `, given back ${free.join(', ')}` : ''}`),
    ),
    ...troubled.map(({ id, state, trouble }) => line('in trouble', `${id} (${state}): ${trouble}`)),
  ];
}

function balanceOf({ address, balance }: SignerView): string {
  if (!balance) return address === 'wallets' ? 'no account' : 'balance unknown';
  return `${Number(balance.lamports) / LAMPORTS_PER_SOL} SOL`;
}

function holderOf({ lease: { holder, isAlive } }: SignerView): string {
  if (holder === null) return 'nobody holds it';
  return isAlive ? `held by ${holder}` : `held by ${holder}, which shows no life`;
}

function openOf({ requests }: SignerView): number {
  return OPEN_STATES.reduce((sum, state) => sum + requests[state], 0);
}
