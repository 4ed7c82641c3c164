import { addressDeriver, addressSeed, u64Seed } from '../../domain-kit/program-addresses.js';

/** Where the program keeps what, by its seeds (programs/red-packets/src/pda.rs). All addresses are base58. */
export interface RedPacketAddresses {
  readonly packet: (creator: string, packetId: bigint) => string;
  /** Where the tokens of a packet lie; those of lamports lie in the packet itself. */
  readonly vault: (packet: string) => string;
  readonly claim: (packet: string, claimer: string) => string;
  /** By which the program never takes an id of a creator twice. */
  readonly packetIds: (creator: string) => string;
}

/** The addresses of the program deployed at `programId`. */
export function redPacketAddresses(programId: string): RedPacketAddresses {
  const derive = addressDeriver(programId);
  return {
    packet: (creator, packetId) => derive('packet', addressSeed(creator), u64Seed(packetId)),
    vault: (packet) => derive('vault', addressSeed(packet)),
    claim: (packet, claimer) => derive('claim', addressSeed(packet), addressSeed(claimer)),
    packetIds: (creator) => derive('ids', addressSeed(creator)),
  };
}
