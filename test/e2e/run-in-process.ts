import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { packageRoot } from '../../src/dev/package-root.js';
import type { ScriptEnd } from './run-script.js';

/** Thrown in the place of an end of the process. */
class Ended extends Error {
  constructor(readonly code: number) {
    super(`the process would have ended with ${code}`);
  }
}

/**
 * Does what `runScript` does, in this process: half a second less each. For what ends before it starts anything: help,
 * mistakes, settings that are missing.
 */
export async function runInProcess(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ScriptEnd> {
  const path = join(packageRoot(), file);
  const before = { argv: process.argv, env: { ...process.env }, exitCode: process.exitCode };
  const listeners = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const output = { stdout: '', stderr: '' };
  const keep = (stream: keyof typeof output, newline: string) => (text: unknown) => {
    output[stream] += String(text) + newline;
    return true;
  };
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Ended(Number(code ?? process.exitCode ?? 0));
  });
  vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout', ''));
  vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr', ''));
  vi.spyOn(console, 'log').mockImplementation(keep('stdout', '\n'));
  vi.spyOn(console, 'error').mockImplementation(keep('stderr', '\n'));
  Object.assign(process.env, environment);
  process.argv = [process.execPath, path, ...args];
  process.exitCode = undefined;
  let code: number;
  try {
    vi.resetModules();
    await import(/* @vite-ignore */ pathToFileURL(path).href);
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    code = error.code;
  } finally {
    vi.restoreAllMocks();
    process.argv = before.argv;
    for (const name of Object.keys(process.env)) if (!(name in before.env)) delete process.env[name];
    Object.assign(process.env, before.env);
    process.exitCode = before.exitCode;
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) {
        if (!listeners.get(signal)?.includes(listener)) process.off(signal, listener);
      }
    }
  }
  return { code, ...output, lastLine: output.stdout.trimEnd().split('\n').at(-1) ?? '' };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
