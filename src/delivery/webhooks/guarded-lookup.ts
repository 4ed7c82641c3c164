import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { forbiddenAddress } from './forbidden-address.js';

/** Thrown where a name resolves to an address that no webhook may go to. */
export class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';
}

/** The addresses of a name, as `dns.lookup` with `all` gives them. */
export type ResolveName = (
  hostname: string,
  options: { readonly all: true; readonly family?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveBySystem: ResolveName = (hostname, options, callback) => systemLookup(hostname, options, callback);

/**
 * What a socket resolves its host with. It looks at the very addresses that are connected to, so that a name which answers
 * differently from one moment to the next (DNS rebinding) gains nothing. One forbidden address among them refuses all: who
 * mixes them means no good.
 */
export function guardedLookup(resolve: ResolveName = resolveBySystem): LookupFunction {
  return (hostname, { all, family }, callback) => {
    const wanted = typeof family === 'number' ? { all: true as const, family } : { all: true as const };
    resolve(hostname, wanted, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? noAddress(hostname), '', 0);
      for (const { address } of addresses) {
        const reason = forbiddenAddress(address);
        if (reason !== null)
          return callback(new ForbiddenAddressError(`${hostname} leads where no webhook may go: ${reason}`), '', 0);
      }
      if (all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}
