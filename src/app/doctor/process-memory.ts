import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import type { MemoryReading } from '../../ops/doctor/judge-worker.js';

const run = promisify(execFile);
const BYTES_PER_KB = 1_024;
/** `<host>:<pid>:<random>` (leases/lease-keeper.ts). */
const HOLDER = /^(.+):(\d+):[0-9a-f]{8}$/;

/** What the process behind a holder's name takes, where it runs on this machine. */
export async function readMemory(holder: string): Promise<MemoryReading> {
  const [, host, pid] = HOLDER.exec(holder) ?? [];
  if (host === undefined || pid === undefined) return { unmeasured: `${holder} does not name a process` };
  if (host !== hostname()) return { unmeasured: `the worker runs on ${host}: ask there` };
  const kilobytes = (await fromProc(pid)) ?? (await fromPs(pid));
  return kilobytes === null
    ? { unmeasured: `process ${pid} is not seen from here` }
    : { bytes: kilobytes * BYTES_PER_KB };
}

async function fromProc(pid: string): Promise<number | null> {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes);
  } catch {
    return null;
  }
}

async function fromPs(pid: string): Promise<number | null> {
  try {
    const kilobytes = Number((await run('ps', ['-o', 'rss=', '-p', pid])).stdout.trim());
    return kilobytes > 0 ? kilobytes : null;
  } catch {
    return null;
  }
}
