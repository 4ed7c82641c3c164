import type { PacketKind, PacketStatus } from '../../../idl/red-packets.js';

/** A packet as people see it: the program calls one open that waits for its randomness. */
export function statusOf(
  status: PacketStatus,
  kind: PacketKind,
  isRandomReady: boolean,
): 'waiting' | 'open' | 'exhausted' | 'refunded' {
  return status === 'open' && kind === 'random' && !isRandomReady ? 'waiting' : status;
}

/** Bytes as lowercase hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
