import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { readMemory } from '../../../../src/app/doctor/process-memory.js';

it('measures the process behind a holder on this machine', async () => {
  const reading = await readMemory(`${hostname()}:${process.pid}:0a1b2c3d`);
  expect('bytes' in reading && reading.bytes).toBeGreaterThan(10 * 1024 * 1024);
});

it('says why it cannot', async () => {
  expect(await readMemory('elsewhere:1:0a1b2c3d')).toEqual({ unmeasured: 'the worker runs on elsewhere: ask there' });
  expect(await readMemory('sim-worker')).toHaveProperty('unmeasured');
  expect(await readMemory(`${hostname()}:99999999:0a1b2c3d`)).toHaveProperty('unmeasured');
});
