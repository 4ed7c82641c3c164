import { describe, expect, it } from 'vitest';
import { compareIdls } from '../../../../src/ops/doctor/compare-idls.js';
import {
  judgeAddress,
  judgeChainIdl,
  judgeDeployed,
  judgeHandlers,
  judgeMirrored,
  judgeSamples,
  judgeTypes,
} from '../../../../src/ops/doctor/judge-program.js';

it('deployed: a program, nothing, something else, or a program that was closed', () => {
  const judged = (reading: Parameters<typeof judgeDeployed>[1]) => judgeDeployed('Addr', reading, 'COUPONS_PROGRAM_ID');
  expect(judged({ kind: 'account', owner: 'Loader', executable: true }).status).toBe('ok');
  const absent = judged({ kind: 'absent' });
  expect(absent).toMatchObject({ status: 'fail' });
  expect(absent.advice).toMatch(/COUPONS_PROGRAM_ID.*SOLANA_RPC_URL.*solana program show Addr/);
  expect(judged({ kind: 'closed' })).toMatchObject({ status: 'fail', found: 'the program at Addr was closed' });
  expect(judged({ kind: 'account', owner: 'Someone', executable: false }).found).toContain('an account of Someone');
});

it('the IDL speaks of the program that is followed', () => {
  expect(judgeAddress({ idl: 'A', followed: 'A' }, 'x').status).toBe('ok');
  expect(judgeAddress({ idl: 'A', followed: 'B' }, 'x')).toMatchObject({
    status: 'warn',
    found: 'followed is B, the IDL is of A',
  });
});

describe('event handlers', () => {
  const judged = (events: string[], olderEvents: string[], handlers: string[]) =>
    judgeHandlers({ events, olderEvents, handlers }, 'coupons');

  it('match the events of the IDL', () => {
    expect(judged(['A', 'B'], [], ['B', 'A'])).toMatchObject({
      status: 'ok',
      found: '2 events, each with its handler',
    });
  });

  it('are missing for an event, also of an older IDL', () => {
    expect(judged(['A', 'B'], [], ['A'])).toMatchObject({ status: 'fail', found: 'no handler for B' });
    expect(judged(['A'], ['Old'], ['A']).found).toBe('no handler for Old');
    expect(judged(['A', 'B'], [], ['A']).advice).toContain('docs/your-own-program.md');
  });

  it('are there for no event', () => {
    expect(judged(['A'], [], ['A', 'Typo'])).toMatchObject({ status: 'warn', found: 'no event for the handler Typo' });
    expect(judged(['A'], ['Old'], ['A', 'Old']).status).toBe('ok');
  });

  it('are named both ways at once', () => {
    expect(judged(['Sold'], [], ['Sodl'])).toMatchObject({
      status: 'fail',
      found: 'no handler for Sold; no event for the handler Sodl',
    });
  });
});

it('every state model has an account handler', () => {
  expect(judgeMirrored({ models: ['a', 'b'], mirrored: ['b', 'a'] }, 'x').status).toBe('ok');
  expect(judgeMirrored({ models: ['a', 'b'], mirrored: ['a'] }, 'x')).toMatchObject({
    status: 'warn',
    found: 'no account handler fills b',
  });
});

it('the decoder reads every type', () => {
  expect(judgeTypes([]).status).toBe('ok');
  expect(judgeTypes([{ what: 'event', name: 'Sold', reason: 'a map' }])).toMatchObject({
    status: 'fail',
    found: 'event Sold: a map',
  });
});

it('accounts on the chain decode', () => {
  const decoded = { type: 'A', outcome: 'decoded' } as const;
  const none = { type: 'B', outcome: 'none' } as const;
  expect(judgeSamples([decoded, none])).toMatchObject({
    status: 'ok',
    found: 'one each of 1 type decoded; there is no B yet',
  });
  expect(judgeSamples([none]).status).toBe('skipped');
  const wrong = judgeSamples([decoded, { type: 'C', outcome: { address: 'Addr', detail: 'short' } }]);
  expect(wrong).toMatchObject({ status: 'fail', found: 'C Addr: short' });
  expect(wrong.advice).toContain('program.history');
});

describe('the IDL on the chain', () => {
  const idl = {
    events: [{ name: 'Sold', discriminator: [1, 2] }],
    accounts: [{ name: 'Shop', discriminator: [3] }],
    types: [{ name: 'Shop', type: { kind: 'struct', fields: [{ name: 'a', type: 'u8' }] }, docs: ['ours'] }],
  };

  it('is the same whatever its documents, order and order of keys', () => {
    const theirs = {
      ...idl,
      types: [{ docs: ['theirs'], type: { fields: [{ type: 'u8', name: 'a' }], kind: 'struct' }, name: 'Shop' }],
    };
    expect(compareIdls(idl, theirs)).toEqual([]);
  });

  it('differs by name, discriminator or type, both ways', () => {
    expect(compareIdls(idl, { ...idl, events: [] })).toEqual(['event Sold']);
    expect(compareIdls({ ...idl, events: [] }, idl)).toEqual(['event Sold']);
    expect(compareIdls(idl, { ...idl, accounts: [{ name: 'Shop', discriminator: [4] }] })).toEqual(['account Shop']);
    expect(compareIdls(idl, { ...idl, types: [{ name: 'Shop', type: { kind: 'struct', fields: [] } }] })).toEqual([
      'type Shop',
    ]);
    expect(compareIdls({}, {})).toEqual([]);
  });

  it('of an Anchor before 0.30 cannot be compared', () => {
    expect(compareIdls(idl, { events: [{ name: 'Sold', fields: [] }] })).toBeNull();
  });

  it('is spoken of only where there is one to compare with', () => {
    expect(judgeChainIdl({ kind: 'absent' }, 'x')).toBeNull();
    expect(judgeChainIdl({ kind: 'old-format' }, 'x')).toBeNull();
    expect(judgeChainIdl({ kind: 'compared', differing: [] }, 'x')?.status).toBe('ok');
    const differing = judgeChainIdl({ kind: 'compared', differing: ['event Sold'] }, 'coupons');
    expect(differing).toMatchObject({ status: 'warn', found: 'the IDL on the chain differs in event Sold' });
    expect(differing?.advice).toContain('idl/coupons.json');
  });
});
