import { describe, expect, it } from 'vitest';
import { definePush } from '../../../src/domain-kit/push.js';
import { redPackets } from '../../../src/domains/red-packets/module.js';
import type { Commit } from '../../../src/ledger/commit-log.js';
import { versionOf } from '../../../src/ledger/commit-log.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { messagesOf, type PushingModule } from '../../../src/push/messages.js';
import { eventRecord, packetRecords } from '../../support/red-packet-records.js';

const module = redPackets as PushingModule;
const { packet, creator, claims, created, ready } = packetRecords({ amounts: [5n, 2n ** 64n - 6n] });
const known = (...records: readonly LedgerRecord[]) => new Map(records.map((record) => [versionOf(record), record]));
const commit = (entry: Partial<Commit>): Commit => ({
  ...{ number: 7, mark: 'm', after: '', at: new Date(0), entered: [], left: [], documents: [] },
  ...entry,
});
const unbroken = (fields: object) => {
  throw new Error(JSON.stringify(fields));
};

describe('a commit as messages (000-7)', () => {
  it('tells first what is true no more, then what is, then what follows', () => {
    const [first, second] = claims;
    const told = messagesOf(
      module,
      commit({
        left: [{ version: versionOf(first!.record), reason: 'orphaned', detail: 'why' }],
        entered: [versionOf(second!.record)],
        documents: [{ collection: 'packets', key: packet, changed: ['bestClaim'], fields: { bestClaim: 'C' } }],
      }),
      known(first!.record, second!.record),
      unbroken,
    );
    expect(told.map(({ name, payload }) => [name, payload.id])).toEqual([
      ['packet:corrected', 'red-packets/7-m/0'],
      ['packet:claimed', 'red-packets/7-m/1'],
      ['packet:best-updated', 'red-packets/7-m/2'],
    ]);
    expect(told[1]?.payload['amount']).toBe('18446744073709551610');
    expect(told[0]?.rooms).toEqual([`packets/${packet}`, 'packets/*', `wallets/${first!.data.claimer}`, 'wallets/*']);
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
  });

  it('says the same of the same commit, whoever tells it', () => {
    const entry = commit({ entered: [created, ready].map(versionOf) });
    const tell = () => messagesOf(module, entry, known(created, ready), unbroken);
    expect(tell()).toEqual(tell());
  });

  it('corrects nothing but what was told, and knows the fields by which it was told', () => {
    const left = [created, ready].map((record) => ({
      version: versionOf(record),
      reason: 'refused' as const,
      detail: '',
    }));
    const [one, two, ...none] = messagesOf(module, commit({ left }), known(created, ready), unbroken);
    expect(one?.payload).toMatchObject({ packetId: packet, creatorId: creator, of: { name: 'packet:created' } });
    expect(Object.keys(two?.payload ?? {}).sort()).toEqual(['detail', 'id', 'of', 'packetId', 'reason']);
    expect(none).toEqual([]);
  });

  it('leaves out a message whose mapping throws, and no other', () => {
    const push = definePush<{ Odd: object; Even: object }>({
      rooms: { games: 'text' },
      events: {
        Odd: () => {
          throw new Error('a mistake in the mapping');
        },
        Even: () => [{ name: 'even', rooms: [['games', 'g']], payload: { at: new Date(0), none: null } }],
      },
      correction: { name: 'corrected', repeats: [] },
    });
    const records = ['Odd', 'Even', 'Unknown'].map((name, slot) => ({
      ...eventRecord('PacketCreated', slot, created.data as never),
      name,
    }));
    const broken: object[] = [];
    const entered = [...records.map(versionOf), 'gone~0'];
    const told = messagesOf({ name: 'm', push }, commit({ entered }), known(...records), (fields) =>
      broken.push(fields),
    );
    expect(told.map(({ name, payload }) => [name, payload['at'], payload['none']])).toEqual([
      ['even', '1970-01-01T00:00:00.000Z', null],
    ]);
    expect(broken).toMatchObject([{ name: 'Odd', error: 'a mistake in the mapping' }]);
  });

  it('tells what a document says only to who asked for that: after a correction, or of that field', () => {
    const document = { collection: 'packets', key: packet, fields: null };
    const names = (changed: readonly string[] | null, collection = 'packets') =>
      messagesOf(
        module,
        commit({ documents: [{ ...document, changed, collection }] }),
        new Map(),
        (fields) => void fields,
      ).map(({ name }) => name);
    expect(names(null)).toEqual(['packet:restated']);
    expect(names(['other'])).toEqual([]);
    expect(names(null, 'users')).toEqual([]);
  });
});
