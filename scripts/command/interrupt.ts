import { toJson } from '../../src/lib/json.js';

/** Of a command that Ctrl-C or SIGTERM ended before its end, as a shell says it. */
export const EXIT_INTERRUPTED = 130;

/**
 * Aborted by the first Ctrl-C or SIGTERM, for a command that ends what is under way in good order. The second one ends
 * the process at once: what calls this must be able to take a kill.
 */
export function interruptSignal(): AbortSignal {
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupted.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  return interrupted.signal;
}

/** Has the first Ctrl-C or SIGTERM end a command that leaves nothing behind, after one line that says so. */
export function endOnInterrupt(report: { readonly what: string; readonly json: boolean }): void {
  const signal = interruptSignal();
  signal.addEventListener('abort', () => {
    console.error(`\n${report.what}`);
    if (report.json) console.log(toJson({ error: report.what }));
    process.exit(EXIT_INTERRUPTED);
  });
}
