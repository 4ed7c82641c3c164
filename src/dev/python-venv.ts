import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MooringError, messageOf } from '../lib/errors.js';
import { withFileLock } from './file-lock.js';
import { findOnPath } from './find-on-path.js';
import { cacheDirectory } from './state-directory.js';

/** The version our tests passed with: it is a pre-release, and a newer one may change what we rely on. */
const SECANTUS_VERSION = '0.7.0b3';
const INSTALL_TIMEOUT_MS = 5 * 60 * 1000;
const WHAT_TO_DO =
  'Install MongoDB (mongod on PATH) or set MONGODB_URI to a replica set; or install python3 with venv and pip ' +
  '(Debian and Ubuntu: apt-get install python3-venv).';
const run = promisify(execFile);

/**
 * The path of `secantusd-py` in a private venv under the cache, made the first time (about 15 s, needs PyPI).
 * Processes that need it at the same moment make it once. Throws MooringError `no-database` with what to install.
 */
export async function secantusInVenv(log: (line: string) => void, cache = cacheDirectory()): Promise<string> {
  const venv = join(cache, 'secantus-venv');
  const binary = join(venv, 'bin', 'secantusd-py');
  if (isReady(venv)) return binary;
  mkdirSync(cache, { recursive: true });
  await withFileLock(join(cache, 'secantus-venv.lock'), INSTALL_TIMEOUT_MS, async () => {
    if (isReady(venv)) return;
    log(`creating a Python venv with SecantusDB ${SECANTUS_VERSION} (once, about 15 seconds) …`);
    await install(venv);
  });
  return binary;
}

/** Written last, so that a half-made venv is made anew; and with its own path, because a venv cannot be moved. */
function isReady(venv: string): boolean {
  try {
    return readFileSync(join(venv, 'mooring-ready'), 'utf8') === readyMark(venv) && existsSync(join(venv, 'bin'));
  } catch {
    return false;
  }
}

function readyMark(venv: string): string {
  return `${SECANTUS_VERSION} ${venv}\n`;
}

async function install(venv: string): Promise<void> {
  const python = findOnPath('python3');
  if (python === undefined) {
    throw new MooringError('no-database', `There is no MongoDB here and no python3 for a stand-in. ${WHAT_TO_DO}`);
  }
  rmSync(venv, { recursive: true, force: true });
  try {
    await run(python, ['-m', 'venv', venv], { timeout: INSTALL_TIMEOUT_MS });
    const pip = ['install', '--quiet', '--disable-pip-version-check', '--pre', `SecantusDB==${SECANTUS_VERSION}`];
    await run(join(venv, 'bin', 'python'), ['-m', 'pip', ...pip], { timeout: INSTALL_TIMEOUT_MS });
  } catch (error) {
    throw new MooringError(
      'no-database',
      `There is no MongoDB here, and the stand-in SecantusDB cannot be installed (${lastLine(error)}). ${WHAT_TO_DO}`,
      { cause: error },
    );
  }
  writeFileSync(join(venv, 'mooring-ready'), readyMark(venv));
}

function lastLine(error: unknown): string {
  const { stderr, stdout } = error as { stderr?: string; stdout?: string };
  const text = (stderr?.trim() || stdout?.trim() || messageOf(error)).trimEnd();
  return text.slice(text.lastIndexOf('\n') + 1);
}
