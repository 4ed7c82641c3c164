import { mongo } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { commandAnswer, refusalProblem } from '../../../src/api/command-answer.js';
import { documentView } from '../../../src/api/document-view.js';
import { readListQuery } from '../../../src/api/list-query.js';
import { Problem, problemBody } from '../../../src/api/problem.js';
import { problemFromError } from '../../../src/api/problem-from-error.js';
import { readinessOf } from '../../../src/api/readiness.js';
import { CommandRefused } from '../../../src/domain-kit/command.js';
import { field } from '../../../src/domain-kit/field.js';
import { defineFact, defineState } from '../../../src/domain-kit/model.js';
import { MooringError } from '../../../src/lib/errors.js';
import type { ManagedTransaction } from '../../../src/transactions/managed-transaction.js';

const Thing = defineState(
  'things',
  {
    owner: field.address(),
    amount: field.u64(),
    at: field.time(),
    rank: field.integer(),
    open: field.flag(),
    note: field.nullable(field.text()),
  },
  {
    indexes: [{ keys: { rank: 1, amount: 1 } }, { keys: { at: 1 } }, { keys: { open: 1 } }],
    keyField: 'onChainAddress',
  },
);

describe('documentView', () => {
  it('shows owned fields as JSON, u64s exactly, and nothing of others', () => {
    const stored = {
      _id: 'x',
      onChainAddress: 'A1',
      owner: 'o',
      amount: mongo.Decimal128.fromString('18446744073709551615'),
      at: new Date(0),
      rank: mongo.Long.fromNumber(7),
      note: null,
      secretOfOthers: 1,
      _mooring: { at: '1' },
    };
    expect(documentView(Thing, stored)).toEqual({
      address: 'A1',
      owner: 'o',
      amount: '18446744073709551615',
      at: '1970-01-01T00:00:00.000Z',
      rank: 7,
      note: null,
    });
    expect(documentView(defineFact('facts', { n: field.number() }), { _id: 's/log/0', n: 1.5 })).toEqual({
      id: 's/log/0',
      n: 1.5,
    });
  });

  it('hides the tombstone of a closed account', () => {
    expect(documentView(Thing, { onChainAddress: 'A1', _mooring: { at: '1', closed: true } })).toBeNull();
  });
});

describe('readListQuery', () => {
  it('reads filters by their field', () => {
    const query = readListQuery(Thing, {
      rank: '-3',
      amount: '5',
      at: '2030-01-01T00:00:00Z',
      open: 'true',
      limit: '7',
    });
    expect(query).toEqual({
      limit: 7,
      cursor: undefined,
      filters: { rank: -3, amount: 5n, at: new Date('2030-01-01'), open: true },
    });
  });

  it.each([
    [{ owner: 'x' }, 'owner'],
    [{ amount: '1' }, 'amount'],
    [{ rank: '1.5' }, 'rank'],
    [{ open: 'yes' }, 'open'],
    [{ at: 'soon' }, 'at'],
    [{ limit: 'many' }, 'limit'],
    [{ constructor: 'x' }, 'constructor'],
  ])('refuses %o', (query, name) => {
    expect(() => readListQuery(Thing, query)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        more: { errors: [expect.objectContaining({ field: name })] },
      }) as Error,
    );
  });
});

describe('problemFromError', () => {
  const serverError = (code: number, ...errorLabels: string[]) =>
    new mongo.MongoServerError({ message: 'secret words', code, errorLabels });
  /** As the driver wraps what breaks off while it waits for many writes. */
  const brokenBulk = (cause: Error) => new mongo.MongoBulkWriteError(cause, { insertedCount: 0 } as never);
  const waitQueueTimeout = () =>
    Object.defineProperty(new mongo.MongoDriverError('host:port'), 'name', { value: 'MongoWaitQueueTimeoutError' });
  const parser = (type: string, status: number) => Object.assign(new Error('raw words'), { type, status });

  it.each([
    [new Problem('raced'), 409, 'raced'],
    [new CommandRefused('signer-not-held', 'no', 'owner'), 422, 'signer-not-held'],
    [new MooringError('chain-unreachable', 'try again'), 503, 'chain-unreachable'],
    [new MooringError('something-inside', 'secret words'), 500, 'internal'],
    [new MooringError('toString', 'secret words'), 500, 'internal'],
    [parser('entity.too.large', 413), 413, 'body-too-large'],
    [parser('entity.parse.failed', 400), 400, 'invalid-json'],
    [parser('charset.unsupported', 415), 415, 'unsupported-media-type'],
    [new mongo.MongoNetworkError('host:port'), 503, 'database-unreachable'],
    [brokenBulk(new mongo.MongoNetworkError('host:port')), 503, 'database-unreachable'],
    [brokenBulk(serverError(189)), 503, 'database-unreachable'],
    [brokenBulk(serverError(13)), 500, 'internal'],
    [serverError(11_600), 503, 'database-unreachable'],
    [serverError(112, 'TransientTransactionError'), 503, 'database-unreachable'],
    [serverError(11_000), 500, 'internal'],
    [waitQueueTimeout(), 503, 'database-unreachable'],
    [new URIError('bad'), 404, 'not-found'],
    [new TypeError('secret words'), 500, 'internal'],
    ['a text', 500, 'internal'],
  ])('%s → %i %s', (error, status, code) => {
    const body = problemBody(problemFromError(error), 'r1');
    expect(body).toMatchObject({ status, code, type: `/problems/${code}`, requestId: 'r1' });
    expect(JSON.stringify(body)).not.toMatch(/secret words|raw words|host:port|\.ts:/);
  });
});

describe('readinessOf', () => {
  const quiet = { sweepStopped: null, confirmations: 0, massSuspicion: null };
  const good = { name: 'coupons', connected: true, lastSlot: 90, frontier: 80, lag: 10, ...quiet };

  it('is ready only when everything is known to be well', () => {
    expect(readinessOf({ database: true, programs: [good] }, 100)).toEqual({
      healthy: true,
      reasons: [],
      lastSlot: 90,
      lag: 10,
    });
    for (const change of [{ connected: false }, { lag: null }, { lag: 101 }]) {
      expect(readinessOf({ database: true, programs: [good, { ...good, ...change }] }, 100).healthy).toBe(false);
    }
    expect(readinessOf({ database: false, programs: [good] }, 100).healthy).toBe(false);
    const behind = { ...good, lag: 101, sweepStopped: 'database-failed' };
    expect(readinessOf({ database: true, programs: [behind] }, 100).reasons).toEqual([
      'coupons is 101 slots behind, more than 100 (the last sweep stopped: database-failed)',
    ]);
    expect(readinessOf({ database: true, programs: [good, { ...good, lag: null }] }, 100).lag).toBeNull();
  });
});

describe('the answer of a write', () => {
  const transaction: ManagedTransaction = {
    id: 'key:a/b',
    owner: 'key',
    command: 'X.y',
    bodyHash: 'h',
    request: '{}',
    signer: 'S',
    lifetime: 'blockhash',
    state: 'confirmed',
    races: [],
    turn: null,
    counter: null,
    allocation: null,
    instructions: [],
    prepared: null,
    attempts: [],
    result: { address: 'A', addresses: { a: 'A' }, documents: [] },
    slot: 5,
    commitment: 'confirmed',
    signature: 'sig',
    refusal: null,
    wish: null,
    fence: 1,
    createdAt: new Date(0),
    updatedAt: new Date(0),
  };
  const refusal = { stage: 'landed', name: 'Taken', message: 'm', code: 1, program: null } as const;

  it('is 201 with a place, or 200, only when the documents are readable; else 202 with a status URL', () => {
    const readable = { kind: 'readable', documents: [null] } as const;
    expect(commandAnswer(transaction, readable, '/api/x/A')).toMatchObject({ status: 201, location: '/api/x/A' });
    expect(commandAnswer(transaction, readable, undefined)).toMatchObject({ status: 200, location: undefined });
    for (const kind of ['not-readable-yet', 'unresolved'] as const) {
      expect(commandAnswer(transaction, { kind }, '/api/x/A')).toMatchObject({
        status: 202,
        location: '/api/transactions/key%3Aa%2Fb',
        body: { statusUrl: '/api/transactions/key%3Aa%2Fb' },
      });
    }
    const unresolved = { kind: 'unresolved' } as const;
    const said = (state: 'pending' | 'sent') =>
      commandAnswer({ ...transaction, state }, unresolved, undefined).body['detail'];
    expect(said('pending')).toContain('nothing of it is signed');
    expect(said('sent')).toContain('whether it landed is not known');
  });

  it('says of what is not known yet only what is true: whether anything is signed (I5)', () => {
    const detailOf = (changes: Partial<ManagedTransaction>) =>
      commandAnswer({ ...transaction, ...changes }, { kind: 'unresolved' }, undefined).body['detail'];
    const [attempt] = [{ expiredAt: new Date(0) }] as unknown as ManagedTransaction['attempts'];
    expect(detailOf({ state: 'pending', attempts: [] })).toContain('nothing of it is signed yet');
    expect(detailOf({ state: 'pending', attempts: [attempt as never] })).toContain('signed anew');
    expect(detailOf({ state: 'sent', attempts: [attempt as never] })).toContain('was handed to the chain');
  });

  it('I5: is a problem only when the chain said no, or it is proven that it never landed', () => {
    for (const state of ['pending', 'signed', 'sent', 'confirmed'] as const) {
      expect(refusalProblem({ ...transaction, state, races: ['Taken'] })).toBeUndefined();
    }
    expect(refusalProblem({ ...transaction, state: 'failed', refusal })).toMatchObject({
      code: 'program-refused',
      status: 422,
    });
    expect(refusalProblem({ ...transaction, state: 'failed', refusal, races: ['Taken'] })).toMatchObject({
      code: 'raced',
      status: 409,
      detail: expect.stringMatching(/^Somebody else was faster.*Repeat it/) as string,
    });
    expect(refusalProblem({ ...transaction, state: 'expired' })).toMatchObject({
      code: 'transaction-expired',
      status: 503,
    });
  });
});
