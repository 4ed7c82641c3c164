import { expect, it } from 'vitest';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { assertProgramsPresent, warnOfAbsentPrograms } from '../../../src/app/absent-programs.js';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { recordingLog } from '../chain/recording-log.js';

const modules = [{ module: coupons, codec: compileProgramCodec(idl) }];
const program: AccountInfo = { owner: idl.address, lamports: 1n, data: new Uint8Array() };

async function linesFor(answer: () => Promise<(AccountInfo | null)[]>): Promise<string> {
  const log = recordingLog();
  const accounts = async () => ({ contextSlot: 1, accounts: await answer() });
  await warnOfAbsentPrograms({ accounts }, modules, log);
  return log.lines.join('\n');
}

it('names a program that the chain does not have, and what to check', async () => {
  const said = await linesFor(() => Promise.resolve([null]));
  expect(said).toContain(idl.address);
  expect(said).toContain('check the address');
});

it('says nothing of one that is there, nor where nobody can be asked', async () => {
  expect(await linesFor(() => Promise.resolve([program]))).toBe('');
  expect(await linesFor(() => Promise.reject(new RpcError('unreachable', 'down')))).toBe('');
});

it('refuses to compare with a chain that lacks the program, or that does not answer (X-2, I5)', async () => {
  const asked = (account: AccountInfo | null) => ({
    accounts: () => Promise.resolve({ contextSlot: 1, accounts: [account] }),
  });
  await expect(assertProgramsPresent(asked(program), modules)).resolves.toBeUndefined();
  await expect(assertProgramsPresent(asked(null), modules)).rejects.toMatchObject({ code: 'program-absent' });
  const silent = { accounts: () => Promise.reject(new RpcError('unreachable', 'down')) };
  await expect(assertProgramsPresent(silent, modules)).rejects.toMatchObject({ reason: 'unreachable' });
});
