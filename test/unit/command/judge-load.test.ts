import { expect, it } from 'vitest';
import { judgeLoad } from '../../../scripts/load/judge-load.js';

const claim = (signature: string, at: number) => ({ signature, packet: 'P', sentAt: at, confirmedAt: at + 100 });
const heard = (signature: string, at: number, amount = '4') => ({
  ...{ name: 'packet:claimed', at },
  payload: { signature, amount },
});
const reading = (remainingAmount: string, remainingCount = 1) => ({ remainingAmount, remainingCount });
const run = {
  ...{ claims: [claim('a', 0), claim('b', 50)], failed: [], seconds: 0.5, disconnected: 0, totalAmount: 10n },
  heard: [
    [heard('a', 130), heard('b', 140), heard('somebody else’s', 150)],
    [heard('b', 160), heard('a', 170)],
  ],
  packets: new Map([['P', { chain: reading('2'), api: reading('2') }]]),
};

it('is clean when every listener heard of every claim once, and all say the same (000-9)', () => {
  expect(judgeLoad(run)).toMatchObject({
    ...{ claims: 2, claimsPerSecond: 4, listeners: 2, lost: 0, repeated: 0, wrongPackets: [], isClean: true },
    ...{ sentToHeardMs: { p50: 110, p99: 170 }, confirmedToHeardMs: { p50: 10, p99: 70 } },
  });
});

it('counts what a listener did not hear, or heard twice, and what ended or failed', () => {
  const [first] = run.heard as [(typeof run.heard)[number]];
  expect(judgeLoad({ ...run, heard: [first, [heard('a', 170)]] })).toMatchObject({ lost: 1, isClean: false });
  expect(judgeLoad({ ...run, heard: [[...first, heard('a', 190)]] })).toMatchObject({ repeated: 1, isClean: false });
  expect(judgeLoad({ ...run, disconnected: 1 }).isClean).toBe(false);
  expect(judgeLoad({ ...run, failed: ['lost'] }).isClean).toBe(false);
});

it.each([
  ['the API says', { chain: reading('2'), api: reading('6') }],
  ['another count', { chain: reading('2'), api: reading('2', 2) }],
  ['there is no account', { chain: null, api: reading('2') }],
  ['there is no document', { chain: reading('2'), api: null }],
  ['the messages add up to', { chain: reading('6'), api: reading('6') }],
])('names a packet of which %s something else (000-3)', (_, packet) => {
  expect(judgeLoad({ ...run, packets: new Map([['P', packet]]) })).toMatchObject({
    wrongPackets: ['P'],
    isClean: false,
  });
});
