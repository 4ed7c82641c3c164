import idl from '../../idl/coupons.json' with { type: 'json' };
import type { Idl } from '../../src/decoding/types.js';

/** The IDL of an imagined older version of the program, which had none of these events. */
export function idlWithout(names: ReadonlySet<string>): Idl {
  return { ...idl, events: idl.events.filter(({ name }) => !names.has(name)) };
}
