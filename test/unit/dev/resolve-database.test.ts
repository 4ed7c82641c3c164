import { describe, expect, it } from 'vitest';
import { resolveDatabase } from '../../../src/dev/resolve-database.js';

const machine = (...names: string[]) => ({
  find: (name: string) => (names.includes(name) ? `/bin/${name}` : undefined),
  hasDownloadedMongod: false,
  downloadFailedLately: false,
});
const kinds = (...args: Parameters<typeof resolveDatabase>): string[] =>
  resolveDatabase(...args).map(({ kind }) => kind);

describe('resolveDatabase', () => {
  it('goes down its order', () => {
    expect(resolveDatabase({ uri: 'mongodb://x' }, machine('mongod'))).toEqual([
      { kind: 'external', uri: 'mongodb://x' },
    ]);
    expect(resolveDatabase({}, machine('secantusd-rs', 'mongod'))).toEqual([{ kind: 'mongod', binary: '/bin/mongod' }]);
    expect(resolveDatabase({}, machine('secantusd-rs'))).toEqual([
      { kind: 'secantus-rs', binary: '/bin/secantusd-rs' },
    ]);
    expect(kinds({}, machine())).toEqual(['memory-server', 'secantus-py']);
  });

  it('takes an empty MONGODB_URI for none', () => {
    expect(kinds({ uri: '' }, machine('mongod'))).toEqual(['mongod']);
  });

  it('does not try a download again that failed lately, but uses one that succeeded before', () => {
    expect(kinds({}, { ...machine(), downloadFailedLately: true })).toEqual(['secantus-py']);
    expect(kinds({}, { ...machine(), downloadFailedLately: true, hasDownloadedMongod: true })).toEqual([
      'memory-server',
      'secantus-py',
    ]);
  });
});
