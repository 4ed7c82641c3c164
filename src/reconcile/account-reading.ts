import type { AccountInfo } from '../chain/chain-port.js';
import type { IsThere } from '../chain/confirm-absence.js';
import type { ProgramCodec } from '../decoding/types.js';
import { writesOfAccount, type DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import type { StateWrite } from '../domain-kit/writes.js';

/** An account as it was read at a finalized slot, and what the module makes of it. */
export interface FinalReading {
  readonly slot: number;
  /** Null: there is none of the program's at this address. */
  readonly info: AccountInfo | null;
  /** Null: no model mirrors it. */
  readonly write: StateWrite | null;
  /** It is there, and nobody can read it: its IDL or its handler is another one's. That says nothing of the document. */
  readonly isUnreadable: boolean;
}

/** Reads an account by its handler, with the IDL of its slot. Never throws. */
export function readingOf(
  module: DomainModule,
  codec: ProgramCodec,
  address: string,
  account: AccountInfo | null,
  slot: number,
): FinalReading {
  if (account?.owner !== codec.programId) return { slot, info: null, write: null, isUnreadable: false };
  const decoded = codec.at(slot).decodeAccount(account.data);
  if (!decoded.ok) return { slot, info: account, write: null, isUnreadable: true };
  try {
    const handler = module.accounts[decoded.name];
    const write = handler ? writesOfAccount(handler(address, decoded.data))[0] : null;
    return { slot, info: account, write: write?.kind === 'state' ? write : null, isUnreadable: false };
  } catch {
    return { slot, info: account, write: null, isUnreadable: true };
  }
}

/** Whether an account is one that this model mirrors: of one that nobody can read that cannot be excluded. */
export function isOf(module: DomainModule, codec: ProgramCodec, model: Model, slot: number): IsThere {
  return (account, address) => {
    const { write, isUnreadable } = readingOf(module, codec, address, account, slot);
    return isUnreadable || write?.model === model;
  };
}
