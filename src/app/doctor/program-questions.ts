import { inflateSync } from 'node:zlib';
import { PublicKey } from '@solana/web3.js';
import { asBase64Data, asRecord, asString } from '../../chain/answer-shape.js';
import type { ChainPort } from '../../chain/chain-port.js';
import type { RpcTransport } from '../../chain/rpc-transport.js';
import { messageOf } from '../../lib/errors.js';
import { compareIdls, type ComparableIdl } from '../../ops/doctor/compare-idls.js';
import type { ChainIdlReading, DeployedReading, SampleReading } from '../../ops/doctor/judge-program.js';
import type { InstalledModule } from '../foundation.js';
import { listAccounts } from './endpoint-questions.js';

const UPGRADEABLE_LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111';
/** Of an upgradeable program's account: a tag (u32), then the address of its code. */
const CODE_ADDRESS_OFFSET = 4;
const CODE_ADDRESS_END = CODE_ADDRESS_OFFSET + 32;
const IDL_SEED = 'anchor:idl';
/** Of Anchor's IDL account: discriminator (8), authority (32), length (u32), then the IDL, deflated. */
const IDL_LENGTH_OFFSET = 40;
const IDL_OFFSET = IDL_LENGTH_OFFSET + 4;
/** An IDL larger than this is none. */
const LARGEST_IDL_BYTES = 16 * 1024 * 1024;

/** What stands at a program's address, and whether the code behind it is still there. */
export async function askDeployed(transport: RpcTransport, address: string): Promise<DeployedReading> {
  const account = await askAccount(transport, address, CODE_ADDRESS_END);
  if (account === null) return { kind: 'absent' };
  const { owner, executable, data } = account;
  if (executable && owner === UPGRADEABLE_LOADER && data.length >= CODE_ADDRESS_END) {
    const code = new PublicKey(data.subarray(CODE_ADDRESS_OFFSET, CODE_ADDRESS_END)).toBase58();
    if ((await askAccount(transport, code, 0)) === null) return { kind: 'closed' };
  }
  return { kind: 'account', owner, executable };
}

/** Compares an IDL with the one that stands beside the program on the chain, where its deployer put one. */
export async function askChainIdl(
  chain: Pick<ChainPort, 'accounts'>,
  programId: string,
  ours: ComparableIdl,
): Promise<ChainIdlReading> {
  const program = new PublicKey(programId);
  const [base] = PublicKey.findProgramAddressSync([], program);
  const address = await PublicKey.createWithSeed(base, IDL_SEED, program);
  const { accounts } = await chain.accounts([address.toBase58()], 'confirmed');
  const [account] = accounts;
  if (!account) return { kind: 'absent' };
  const differing = compareIdls(ours, inflateIdl(account.data));
  return differing === null ? { kind: 'old-format' } : { kind: 'compared', differing };
}

/** The IDL in the data of Anchor's account for it. Throws where it is none. */
export function inflateIdl(data: Uint8Array): ComparableIdl {
  const bytes = Buffer.from(data);
  const length = bytes.readUInt32LE(IDL_LENGTH_OFFSET);
  const deflated = bytes.subarray(IDL_OFFSET, IDL_OFFSET + length);
  return JSON.parse(inflateSync(deflated, { maxOutputLength: LARGEST_IDL_BYTES }).toString('utf8')) as ComparableIdl;
}

/** Reads one account of each type and tries whether the IDL and the account handler can take it. */
export async function readSamples(
  { transport, chain }: { readonly transport: RpcTransport; readonly chain: Pick<ChainPort, 'accounts'> },
  installed: InstalledModule,
): Promise<SampleReading[]> {
  const { codec } = installed;
  return Promise.all(
    codec.accountNames.map(async (type): Promise<SampleReading> => {
      const discriminator = codec.accountDiscriminator(type);
      const [address] = discriminator ? await listAccounts(transport, codec.programId, discriminator) : [];
      if (address === undefined) return { type, outcome: 'none' };
      const [account] = (await chain.accounts([address], 'confirmed')).accounts;
      // Closed since it was listed.
      if (!account) return { type, outcome: 'none' };
      const problem = problemWith(installed, type, address, account.data);
      return { type, outcome: problem === null ? 'decoded' : { address, detail: problem } };
    }),
  );
}

function problemWith({ module, codec }: InstalledModule, type: string, address: string, data: Uint8Array) {
  const decoded = codec.decodeAccount(data);
  if (!decoded.ok) return decoded.detail;
  try {
    module.accounts[type]?.(address, decoded.data);
    return null;
  } catch (error) {
    return `its account handler throws: ${messageOf(error)}`;
  }
}

/** What stands at an address, with the first `bytes` of its data; null where there is nothing. */
export function askAccount(transport: RpcTransport, address: string, bytes: number) {
  const config = { commitment: 'confirmed', encoding: 'base64', dataSlice: { offset: 0, length: bytes } };
  return transport.call({
    method: 'getAccountInfo',
    params: [address, config],
    read: (result) => {
      const { value } = asRecord(result);
      if (value === null) return null;
      const { owner, executable, data } = asRecord(value);
      return { owner: asString(owner), executable: executable === true, data: asBase64Data(data) };
    },
  });
}
