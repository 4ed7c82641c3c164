import { peekAtDotEnv } from '../../src/config/env.js';
import { auditCommand } from './audit-command.js';
import type { LedgerFigures } from './ledger-figures.js';
import type { Scene } from './scene.js';
import type { Terminal } from './terminal.js';

/** How often each event came, in bars. */
export function tellFigures({ byName }: LedgerFigures, terminal: Terminal): void {
  const most = Math.max(1, ...Object.values(byName));
  for (const [name, n] of Object.entries(byName).sort(([, one], [, other]) => other - one)) {
    terminal.line(
      `  ${name.padEnd(20)} ${String(n).padStart(6)}  ${terminal.style('cyan', '▇'.repeat(Math.max(1, Math.round((n / most) * 40))))}`,
    );
  }
}

/** Where to look, and commands to copy. */
export async function tellAddresses(scene: Scene, terminal: Terminal): Promise<void> {
  const { chain, stack, apiKey, databaseUri, staker } = scene;
  const { url } = stack.api;
  const packets = stack.foundation.mongo.db.collection<{ _id: string }>('packets');
  const packet = await packets.findOne({ status: { $ne: 'refunded' } }, { sort: { createdAt: -1 } });
  const row = (what: string, where: string): void =>
    terminal.line(`  ${what.padEnd(14)} ${terminal.style('cyan', where)}`);
  row('API', `${url}/api/status`);
  row('its reference', `${url}/docs`);
  row('promotions', `${url}/api/promotions`);
  row('packets', `${url}/api/packets`);
  row('one, live', `${url}/examples/red-packet-live/${packet ? `?packet=${packet._id}` : ''}`);
  row('stakes', `${url}/api/stakes`);
  row('a developer', `${url}/api/developers/${staker}`);
  row('metrics', `${url}/metrics`);
  row('health', `${url}/health/ready`);
  row('chain', chain.rpcUrls.join(', '));
  row('its WebSocket', chain.wsUrls.join(', '));
  row('database', `${databaseUri ?? 'the one of MONGODB_URI'}, in it ${stack.config.mongodbDatabase}`);
  row('API key', apiKey);
  terminal.line();
  terminal.line(`  ${terminal.style('dim', '# read')}`);
  terminal.line(`  curl -s '${url}/api/sales?limit=3'`);
  terminal.line(
    `  ${terminal.style('dim', '# write: to the chain first, and the answer comes when the document is there')}`,
  );
  terminal.line(
    `  curl -s ${url}/api/promotions -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\`,
  );
  const body = {
    title: 'My first promotion',
    description: 'On chain, then in MongoDB',
    discountBps: 1_000,
    maxSupply: 100,
    resaleFeeBps: 250,
    expiresAt: '2030-01-31T12:00:00Z',
  };
  terminal.line(`    -d '${JSON.stringify(body)}'`);
  terminal.line(`  ${terminal.style('dim', '# audit again, from another terminal')}`);
  const databaseName = stack.config.mongodbDatabase;
  // What it is about, whatever is installed here.
  const domains = { ...peekAtDotEnv(), ...process.env }['MOORING_DOMAINS'] ? 'MOORING_DOMAINS= ' : '';
  terminal.line(
    `  ${domains}${auditCommand({ rpcUrls: chain.rpcUrls, wsUrls: chain.wsUrls, databaseUri, databaseName })}`,
  );
}
