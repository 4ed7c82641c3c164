import { Keypair } from '@solana/web3.js';
import { expect, it } from 'vitest';
import { askDeployed } from '../../../../src/app/doctor/program-questions.js';
import type { RpcTransport } from '../../../../src/chain/rpc-transport.js';

const LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111';
const [program, code] = [Keypair.generate().publicKey, Keypair.generate().publicKey];
const pointer = Buffer.concat([Buffer.from([2, 0, 0, 0]), code.toBuffer()]);

interface Account {
  readonly owner: string;
  readonly executable: boolean;
  readonly data: Buffer;
}

function ask(accounts: Readonly<Record<string, Account>>) {
  const transport: RpcTransport = {
    call: async ({ params, read }) => {
      const account = accounts[String(params[0])];
      return read({ value: account ? { ...account, data: [account.data.toString('base64'), 'base64'] } : null });
    },
  };
  return askDeployed(transport, program.toBase58());
}

const upgradeable = { owner: LOADER, executable: true, data: pointer };

it('tells a program from one that was closed, which keeps its account', async () => {
  const stored = { owner: LOADER, executable: false, data: Buffer.alloc(0) };
  expect(await ask({ [program.toBase58()]: upgradeable, [code.toBase58()]: stored })).toEqual({
    ...{ kind: 'account', owner: LOADER, executable: true },
  });
  expect(await ask({ [program.toBase58()]: upgradeable })).toEqual({ kind: 'closed' });
});

it('tells what is no program, and what is not there', async () => {
  const wallet = { owner: '11111111111111111111111111111111', executable: false, data: Buffer.alloc(0) };
  expect(await ask({ [program.toBase58()]: wallet })).toMatchObject({ kind: 'account', executable: false });
  expect(await ask({})).toEqual({ kind: 'absent' });
});

it('takes a program whose loader keeps code and account in one', async () => {
  const old = { owner: 'BPFLoader2111111111111111111111111111111111', executable: true, data: Buffer.alloc(36) };
  expect(await ask({ [program.toBase58()]: old })).toMatchObject({ kind: 'account', executable: true });
});
