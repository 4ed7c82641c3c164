import { readFileSync } from 'node:fs';
import anchor, { type Idl as AnchorIdl } from '@coral-xyz/anchor';
import { convertIdlToCamelCase } from '@coral-xyz/anchor/dist/cjs/idl.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { camelCase } from '../../../src/decoding/camel-case.js';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import type { DecodedValue } from '../../../src/decoding/types.js';

const idl = JSON.parse(readFileSync(new URL('../../../idl/coupons.json', import.meta.url), 'utf8')) as AnchorIdl;
const coder = new anchor.BorshCoder(convertIdlToCamelCase(idl));
const codec = compileProgramCodec(idl);

type IdlType = AnchorIdl['instructions'][number]['args'][number]['type'];

/** Values of a type as Anchor's coder takes them. */
function anchorValue(type: IdlType): fc.Arbitrary<unknown> {
  if (typeof type === 'object') {
    if ('option' in type) return fc.option(anchorValue(type.option));
    if (!('defined' in type)) throw new Error(`no sample of ${JSON.stringify(type)}`);
    const definition = idl.types?.find(({ name }) => name === type.defined.name)?.type;
    if (definition?.kind === 'struct') return anchorStruct(type.defined.name);
    if (definition?.kind !== 'enum') throw new Error(`no sample of ${type.defined.name}`);
    return fc.constantFrom(...definition.variants.map(({ name }) => ({ [camelCase(name)]: {} })));
  }
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 12 });
  if (type === 'bool') return fc.boolean();
  if (type === 'pubkey') {
    return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new anchor.web3.PublicKey(bytes));
  }
  const bits = Number(type.slice(1));
  const signed = type.startsWith('i');
  const range = { min: signed ? -(2n ** BigInt(bits - 1)) : 0n, max: 2n ** BigInt(signed ? bits - 1 : bits) - 1n };
  return fc.bigInt(range).map((value) => (bits > 32 ? new anchor.BN(value.toString()) : Number(value)));
}

function anchorStruct(typeName: string): fc.Arbitrary<Record<string, unknown>> {
  const definition = idl.types?.find(({ name }) => name === typeName)?.type;
  if (definition?.kind !== 'struct') throw new Error(`${typeName} is no struct`);
  const fields = (definition.fields ?? []) as { name: string; type: IdlType }[];
  return fc.record(Object.fromEntries(fields.map(({ name, type }) => [camelCase(name), anchorValue(type)])));
}

/** What Anchor decodes, as mooring writes it. */
function inOurWords(value: unknown): DecodedValue {
  if (value instanceof anchor.BN) return BigInt(value.toString());
  if (value instanceof anchor.web3.PublicKey) return value.toBase58();
  if (typeof value !== 'object' || value === null) return value as DecodedValue;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only && typeof only[1] === 'object' && Object.keys(only[1] as object).length === 0)
    return only[0];
  return Object.fromEntries(entries.map(([name, field]) => [name, inOurWords(field)]));
}

describe('the codec of idl/coupons.json decodes what Anchor encodes', () => {
  it('supports all of it', () => expect(codec.unsupported).toEqual([]));

  it.each(codec.eventNames)('event %s', (name) => {
    const discriminator = idl.events?.find((event) => event.name === name)?.discriminator ?? [];
    fc.assert(
      fc.property(anchorStruct(name), (value) => {
        const bytes = Buffer.concat([Buffer.from(discriminator), coder.types.encode(camelCase(name), value)]);
        const theirs = coder.events.decode(bytes.toString('base64'));
        expect(codec.decodeEvent(bytes)).toEqual({ ok: true, name, data: inOurWords(theirs?.data) });
        expect(inOurWords(theirs?.data)).toEqual(inOurWords(value));
      }),
      { numRuns: 50 },
    );
  });

  it.each(codec.accountNames)('account %s, in a larger allocation', async (name) => {
    await fc.assert(
      fc.asyncProperty(anchorStruct(name), async (value) => {
        const bytes = Buffer.concat([await coder.accounts.encode(camelCase(name), value), Buffer.alloc(50)]);
        expect(codec.decodeAccount(bytes)).toEqual({ ok: true, name, data: inOurWords(value) });
        expect(bytes.subarray(0, 8)).toEqual(Buffer.from(codec.accountDiscriminator(name) ?? []));
      }),
      { numRuns: 50 },
    );
  });
});
