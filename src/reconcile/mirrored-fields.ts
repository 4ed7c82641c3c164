import type { ProgramCodec } from '../decoding/types.js';
import { writesOfAccount, type DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import { messageOf, MooringError } from '../lib/errors.js';

/** Larger than any account type's fixed part; what follows it is not read. Bytes. */
const ZERO_ACCOUNT_BYTES = 64 * 1024;
/** The system program's: 32 zeros. */
const ZERO_ADDRESS = '1'.repeat(32);

/**
 * The models that an account handler fills, each with the fields it says. A handler does not declare its model, so each is
 * shown an account of zeros, which every borsh type can be read from.
 * @throws MooringError `domains-invalid` where a handler refuses it: which documents are its would not be known, and nobody
 *   would compare them with the chain.
 */
export function mirroredFields(module: DomainModule, codec: ProgramCodec): Map<StateModel, ReadonlySet<string>> {
  const mirrored = new Map<StateModel, ReadonlySet<string>>();
  for (const [type, handler] of Object.entries(module.accounts)) {
    const discriminator = codec.accountDiscriminator(type);
    if (!discriminator) continue;
    const bytes = new Uint8Array(ZERO_ACCOUNT_BYTES);
    bytes.set(discriminator);
    const decoded = codec.decodeAccount(bytes);
    if (!decoded.ok) continue;
    const [write] = shown(module, type, () => writesOfAccount(handler(ZERO_ADDRESS, decoded.data)));
    if (write.kind !== 'state') continue;
    mirrored.set(write.model, new Set([...(mirrored.get(write.model) ?? []), ...Object.keys(write.patch)]));
  }
  return mirrored;
}

function shown<T>({ name }: DomainModule, type: string, handle: () => T): T {
  try {
    return handle();
  } catch (error) {
    throw new MooringError(
      'domains-invalid',
      `${name}: the account handler ${type} throws where every field of the account is zero (${messageOf(error)}). It is shown ` +
        'such an account to see which documents are its: let it return what it makes of whatever the account holds.',
      { cause: error },
    );
  }
}
