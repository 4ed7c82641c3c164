import type { AccountInfo } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { StateWrite } from '../domain-kit/writes.js';

/** An account as it was read at a finalized slot, and what the module makes of it. */
export interface FinalReading {
  readonly slot: number;
  /** Null: there is none of the program's at this address. */
  readonly info: AccountInfo | null;
  /** Null: no model mirrors it. */
  readonly write: StateWrite | null;
}

/** Reads an account by its handler, with the IDL of its slot. A handler that throws mirrors nothing. */
export function readingOf(
  module: DomainModule,
  codec: ProgramCodec,
  address: string,
  account: AccountInfo | null,
  slot: number,
): FinalReading {
  if (account?.owner !== codec.programId) return { slot, info: null, write: null };
  const decoded = codec.at(slot).decodeAccount(account.data);
  const handler = decoded.ok ? module.accounts[decoded.name] : undefined;
  if (!decoded.ok || !handler) return { slot, info: account, write: null };
  try {
    const write = handler(address, decoded.data);
    return { slot, info: account, write: write.kind === 'state' ? write : null };
  } catch {
    return { slot, info: account, write: null };
  }
}
