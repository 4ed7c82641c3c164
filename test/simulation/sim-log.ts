import type { Logger } from '../../src/telemetry/logger.js';

/** A logger that hands every line on: what a process says of itself is a witness of what it does. */
export function simLogger(say: (level: string, fields: Record<string, unknown>, message: string) => void): Logger {
  const at = (level: string) => (fields: unknown, message?: string) =>
    typeof fields === 'string' ? say(level, {}, fields) : say(level, fields as Record<string, unknown>, message ?? '');
  const logger = {
    ...{ trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    ...{ fatal: at('fatal'), silent: () => undefined, level: 'trace', child: () => logger },
  };
  return logger as unknown as Logger;
}
