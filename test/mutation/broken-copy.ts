import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import type { Breakage } from './breakages.js';

/** What the simulation and the tests need of the project. */
const PARTS = [
  'src',
  'test',
  'scripts',
  'workers',
  'idl',
  'programs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

/** A copy of the project. */
export interface ProjectCopy {
  readonly folder: string;
  remove(): void;
}

/** Copies the project as it is. */
export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-broken-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    for (const part of PARTS) {
      cpSync(part, join(folder, part), { recursive: true, filter: (path) => !path.includes('/target') });
    }
    // One installation for all copies, of packages and of the database server.
    mkdirSync('.cache', { recursive: true });
    for (const shared of ['node_modules', '.cache']) symlinkSync(resolve(shared), join(folder, shared));
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Copies the project and breaks the copy.
 * @throws Error where the code to break is not there exactly once: the list has to follow the code.
 */
export function breakCopy({ name, file, code, broken }: Breakage): ProjectCopy {
  const copy = copyProject();
  try {
    const path = join(copy.folder, file);
    const text = readFileSync(path, 'utf8');
    const count = text.split(code).length - 1;
    if (count !== 1) throw new Error(`"${name}": the code to break is ${count} times in ${file}:\n${code}`);
    const changed = text.replace(code, () => broken);
    assertCode(name, changed);
    writeFileSync(path, changed);
    return copy;
  } catch (error) {
    copy.remove();
    throw error;
  }
}

/** What does not even parse would be noticed by everything, and show nothing. */
function assertCode(name: string, text: string): void {
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  const [first] = diagnostics ?? [];
  if (first)
    throw new Error(`"${name}" is no code any more: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
}
