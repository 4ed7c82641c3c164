import { MooringError } from '../../src/lib/errors.js';
import { readLedgerFigures, type LedgerFigures } from './ledger-figures.js';
import type { Played } from './played.js';
import type { Scene } from './scene.js';
import { seconds, type Terminal } from './terminal.js';

const LOOK_EVERY_MS = 250;
/** Without any progress for this long, something is stuck. */
const PATIENCE_MS = 60_000;

/** Watches until everything that was made is in the ledger, in the documents and final. */
export async function playFinality(
  { stack }: Scene,
  played: Played,
  terminal: Terminal,
  stopped: AbortSignal,
): Promise<LedgerFigures> {
  const startedAt = performance.now();
  let progressAt = startedAt;
  let figures = await readLedgerFigures(stack.foundation.mongo.db);
  let toldAt = -1;
  const text = (): string =>
    `${terminal.bar(figures.finalized / Math.max(1, figures.ingested), 24)} ${figures.finalized} of ${figures.ingested} events final`;
  terminal.below(text);
  try {
    for (;;) {
      const isDone = figures.finalized + figures.dead + figures.orphaned >= figures.ingested;
      const missing = played.missingFrom(figures.byName);
      if ((isDone && missing.length === 0) || stopped.aborted) break;
      if (performance.now() - progressAt > PATIENCE_MS) {
        throw new MooringError(
          'demo-failed',
          `Finality does not come any nearer (${figures.finalized} of ${figures.ingested}; missing: ${missing.join(', ') || 'none'}). Try --verbose.`,
        );
      }
      // Lines that stay, once a second.
      const second = Math.floor((performance.now() - startedAt) / 1_000);
      if (!terminal.isLive && second > toldAt) {
        toldAt = second;
        terminal.line(`  ${figures.finalized} of ${figures.ingested} events final`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const before = figures;
      figures = await readLedgerFigures(stack.foundation.mongo.db);
      if (figures.finalized !== before.finalized || figures.ingested !== before.ingested)
        progressAt = performance.now();
    }
  } finally {
    terminal.below(undefined);
  }
  terminal.done('finality', `all ${figures.finalized} events are final`, seconds(performance.now() - startedAt));
  return figures;
}
