import { CouponHistory } from './history.js';
import { HistoryNode } from './history-node.js';
import type { HistoryProcessOptions, HistoryServed } from './history-process.js';
import { startHistoryServer } from './history-server.js';

const options = JSON.parse(process.argv[2] ?? '{}') as HistoryProcessOptions;
const transactions = new CouponHistory(options.seed).transactions(options.events);
const server = await startHistoryServer(new HistoryNode(transactions, options), options);

process.on('message', () => process.send?.(server.stats()));
// Whoever started it is gone, or has no use for it any more.
process.on('disconnect', () => process.exit(0));
process.send?.({
  url: server.url,
  events: transactions.reduce((sum, { eventCount }) => sum + eventCount, 0),
  transactions: transactions.length,
  firstSlot: transactions[0]?.notice.slot ?? 0,
  lastSlot: transactions.at(-1)?.notice.slot ?? 0,
} satisfies HistoryServed);
