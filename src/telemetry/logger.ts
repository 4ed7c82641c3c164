import { pino, stdSerializers, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { Config } from '../config/env.js';
import { loggable, REDACTED, scrub, SECRET_FIELDS } from './loggable.js';
import { prettyLog } from './pretty-log.js';

/** The logger of a process; `child({ … })` adds fields. Its shape satisfies `Log` of lib. */
export type Logger = PinoLogger;

/**
 * Makes the logger: one JSON object per line, or with `logPretty` lines for people, to `destination` or else stdout.
 * Secrets never get through it.
 */
export function createLogger(config: Pick<Config, 'logLevel' | 'logPretty'>, destination?: DestinationStream): Logger {
  const out = config.logPretty ? prettyLog(destination ?? process.stdout) : destination;
  const options = {
    level: config.logLevel,
    formatters: { log: (fields: Record<string, unknown>) => loggable(fields) as Record<string, unknown> },
    // After the formatter: what is still an Error is turned into its parts, and those are cleaned as well.
    serializers: { err: errorField, error: errorField },
    // The fields of a child logger do not pass the formatter.
    redact: { paths: [...SECRET_FIELDS].map((name) => `["${name}"]`), censor: REDACTED },
    hooks: { streamWrite: scrub },
  };
  return out ? pino(options, out) : pino(options);
}

function errorField(value: unknown): unknown {
  return value instanceof Error ? loggable({ ...stdSerializers.err(value) }) : value;
}
