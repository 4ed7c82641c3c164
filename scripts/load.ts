import redPacketsIdl from '../idl/red-packets.json' with { type: 'json' };
import { toJson } from '../src/lib/json.js';
import { commandLine } from './command/command-line.js';
import { endOnInterrupt } from './command/interrupt.js';
import { reportFailure } from './command/report-failure.js';
import { wholeNumber } from './command/whole-number.js';
import type { LoadReport } from './load/judge-load.js';

/** Documented in --help. */
const EXIT = { clean: 0, unclean: 1 } as const;

interface PacketsOptions {
  readonly packets: number;
  readonly wallets: number;
  readonly listeners: number;
  readonly concurrency: number;
  readonly url?: string;
  readonly rpc?: string;
  readonly program: string;
  readonly apiKey?: string;
  readonly json: boolean;
}

const program = commandLine('load')
  .description('Puts load on a system, and compares everything afterwards.')
  .addHelpText(
    'after',
    `
A message is lost when a listener was not told of a claim that landed on chain. At the end chain, API and messages must say
the same of what is left of each packet. Without --url everything is embedded, in one process, and gone afterwards.

Exit code: 0 when nothing was lost, told twice or wrong, 1 when something was, 2 when the load could not be put or was asked
wrongly, 130 when it was interrupted.

Examples:
  npm run load -- packets
  npm run load -- packets --listeners 500 --json | tail -1 | jq .confirmedToHeardMs
  npm run load -- packets --url https://staging.example.com --rpc http://127.0.0.1:8899`,
  );
program
  .command('packets')
  .description('makes and claims red packets at once while clients listen to the push server')
  .option('--packets <n>', 'how many packets', wholeNumber(1, 1_000), 5)
  .option('--wallets <n>', 'how many wallets, each of which claims a share of each packet', wholeNumber(1, 1_000), 40)
  .option('--listeners <n>', 'how many clients listen to all packets', wholeNumber(1, 10_000), 50)
  .option('--concurrency <n>', 'transactions under way at once', wholeNumber(1, 1_000), 20)
  .option('--url <url>', 'the API of a running system; it follows red packets (default: a system of its own)')
  .option('--rpc <url>', 'an RPC endpoint of the chain of that system, with a faucet (required with --url)')
  .option('--program <address>', 'where red packets are deployed there', redPacketsIdl.address)
  .option('--api-key <key>', 'a key that may read, where that system wants one')
  .option('--json', 'print one JSON object as the last line', false)
  .action((options: PacketsOptions) => packets(options));
await program.parseAsync();

async function packets(options: PacketsOptions): Promise<void> {
  const { url, rpc, json } = options;
  if ((url === undefined) !== (rpc === undefined)) program.error('error: --url and --rpc go together');
  endOnInterrupt({ what: 'Interrupted: what was sent stays on its chain', json });
  await reportFailure({ what: 'The load could not be put', json }, async () => {
    // Only now: --help and mistakes are answered before everything is loaded.
    const { openGround, startOwnGround } = await import('./load/load-ground.js');
    const { runPackets } = await import('./load/run-packets.js');
    const ground = url !== undefined && rpc !== undefined ? await openGround(url, rpc) : await startOwnGround();
    try {
      const load = { ...options, programId: options.program, apiKey: options.apiKey };
      const report = await runPackets(ground, load, (line) => console.log(line));
      for (const line of describe(report)) console.log(line);
      if (json) console.log(toJson(report));
      process.exitCode = report.isClean ? EXIT.clean : EXIT.unclean;
    } finally {
      await ground.stop();
    }
  });
}

function describe(report: LoadReport): string[] {
  const { sentToHeardMs: sent, confirmedToHeardMs: confirmed } = report;
  return [
    `${report.claims} claims, ${report.claimsPerSecond} a second; ${report.failed.length} failed`,
    ...report.failed.slice(0, 3).map((reason) => `  ${reason}`),
    `${report.listeners} listeners: ${report.lost} messages lost, ${report.repeated} told twice, ${report.disconnected} disconnected`,
    `from confirmed to heard: median ${confirmed.p50} ms, 99 % within ${confirmed.p99} ms`,
    `from sent to heard: median ${sent.p50} ms, 99 % within ${sent.p99} ms`,
    report.wrongPackets.length === 0
      ? 'what is left of each packet is the same on chain, in the API and by the messages'
      : `NOT the same on chain, in the API and by the messages: ${report.wrongPackets.join(', ')}`,
  ];
}
