import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedProcess } from '../../src/dev/embedded-process.js';

/** A process that owns a harmless server, for tests that end it in all ways: `process-owner.ts <recordsDir> [throw]`. */
const [, , recordsDir = '', ending] = process.argv;
const dir = mkdtempSync(join(tmpdir(), 'mooring-owned-'));
const args = ['-c', 'sleep 300', dir];
const server = await startEmbeddedProcess({ command: 'sh', args, dir, temporary: true, recordsDir });
process.stdout.write(`${server.pid}\n`);
if (ending === 'throw') throw new Error('on purpose');
setInterval(() => {}, 60_000);
