import { PublicKey, type AccountInfo, type Connection } from '@solana/web3.js';

export const UPGRADEABLE_LOADER = new PublicKey('BPFLoaderUpgradeab1e11111111111111111111111');
/** Bytes before the ELF in a ProgramData account: tag u32, slot u64, option u8, authority 32. */
export const PROGRAM_DATA_HEADER_BYTES = 45;
/** Bytes before the ELF in a Buffer account: tag u32, option u8, authority 32. */
export const BUFFER_HEADER_BYTES = 37;

export type DeployedProgram =
  | { kind: 'absent' }
  | { kind: 'deployed'; same: boolean; upgradeAuthority: PublicKey | undefined; capacityBytes: number };

/** The ProgramData account that holds an upgradeable program's bytes. */
export function programDataAddress(program: PublicKey): PublicKey {
  return PublicKey.findProgramAddressSync([program.toBuffer()], UPGRADEABLE_LOADER)[0];
}

/** What stands at a program's address, compared with the bytes we would put there. */
export async function readDeployedProgram(
  connection: Connection,
  address: PublicKey,
  elf: Uint8Array,
): Promise<DeployedProgram> {
  const [account, programData] = await connection.getMultipleAccountsInfo([address, programDataAddress(address)]);
  if (!account?.executable) return { kind: 'absent' };
  if (!account.owner.equals(UPGRADEABLE_LOADER)) {
    return {
      kind: 'deployed',
      same: holds(account.data, elf),
      upgradeAuthority: undefined,
      capacityBytes: account.data.length,
    };
  }
  if (!programData) return { kind: 'absent' };
  const code = programData.data.subarray(PROGRAM_DATA_HEADER_BYTES);
  return {
    kind: 'deployed',
    same: holds(code, elf),
    upgradeAuthority: authorityOf(programData),
    capacityBytes: code.length,
  };
}

/** The room behind a program may be larger than the program: it is filled with zeros. */
function holds(room: Buffer, elf: Uint8Array): boolean {
  return room.subarray(0, elf.length).equals(elf) && room.subarray(elf.length).every((byte) => byte === 0);
}

function authorityOf(programData: AccountInfo<Buffer>): PublicKey | undefined {
  return programData.data[12] === 1 ? new PublicKey(programData.data.subarray(13, 45)) : undefined;
}
