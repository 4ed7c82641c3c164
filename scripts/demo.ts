import { messageOf } from '../src/lib/errors.js';
import { EXIT, readDemoOptions } from './demo/options.js';
import type { DemoSummary } from './demo/play.js';
import { Terminal } from './demo/terminal.js';

/** An end that takes longer than this is forced, in milliseconds. */
const CLEAN_UP_PATIENCE_MS = 15_000;

const options = readDemoOptions(process.argv.slice(2));
// Only now: --help and mistakes are answered before everything is loaded.
const { isClean, playDemo } = await import('./demo/play.js');
const terminal = new Terminal(process.stdout, process.env);
const stop = new AbortController();
const undo: (() => Promise<void>)[] = [];
const stopped = new Promise<'stopped'>((resolve) => stop.signal.addEventListener('abort', () => resolve('stopped')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

process.exitCode = await demo();
await cleanUp();
process.exit();

async function demo(): Promise<number> {
  try {
    const playing = playDemo(options, process.env, terminal, (step) => undo.push(step), stop.signal);
    // Whoever ends it early is not told of what then fails.
    playing.catch(() => undefined);
    const summary = await Promise.race([playing, stopped]);
    terminal.below(undefined);
    if (summary === 'stopped') return endedEarly();
    if (options.json) await print(summary);
    if (!options.exit) {
      await stopped;
      terminal.line();
      terminal.line('Goodbye: ending what the demo started.');
    }
    return isClean(summary) ? EXIT.clean : EXIT.unclean;
  } catch (error) {
    terminal.below(undefined);
    console.error(`The demo could not be played: ${messageOf(error)}`);
    if (options.verbose) console.error(error);
    if (options.json) await print({ error: messageOf(error) });
    return EXIT.failed;
  }
}

/** With --exit a verdict was asked for, and there is none; without, to end it is what a person does. */
function endedEarly(): number {
  terminal.line();
  terminal.line('Ended before its end.');
  return options.exit ? EXIT.interrupted : EXIT.clean;
}

/** The whole line must be out before the process ends, also into a pipe. */
function print(summary: DemoSummary | { readonly error: string }): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(summary)}\n`, () => resolve()));
}

async function cleanUp(): Promise<void> {
  setTimeout(() => process.exit(), CLEAN_UP_PATIENCE_MS).unref();
  for (const step of undo.reverse()) {
    await step().catch((error: unknown) => console.error(`While ending: ${messageOf(error)}`));
  }
}
