import { describe, expect, it } from 'vitest';
import { localUri, withDatabase } from '../../../src/dev/database-uri.js';

describe('withDatabase', () => {
  it.each([
    ['mongodb://127.0.0.1:27017', 'mongodb://127.0.0.1:27017/db'],
    ['mongodb://127.0.0.1:27017/', 'mongodb://127.0.0.1:27017/db'],
    ['mongodb://127.0.0.1:27017/?directConnection=true', 'mongodb://127.0.0.1:27017/db?directConnection=true'],
    ['mongodb://127.0.0.1:27017?replicaSet=x', 'mongodb://127.0.0.1:27017/db?replicaSet=x'],
    ['mongodb://u:p%2F@a:1,b:2/old?replicaSet=x&tls=true', 'mongodb://u:p%2F@a:1,b:2/db?replicaSet=x&tls=true'],
    ['mongodb+srv://u:p@c.example.net/old', 'mongodb+srv://u:p@c.example.net/db'],
  ])('%s', (uri, expected) => {
    expect(withDatabase(uri, 'db')).toBe(expected);
    expect(withDatabase(expected, 'db')).toBe(expected);
  });

  it('does not repeat a string with a password in its complaint', () => {
    expect(() => withDatabase('postgres://u:secret@h/db', 'db')).toThrow(/^not a MongoDB connection string$/);
  });

  it('is what the driver reads back', () => {
    expect(withDatabase(localUri(1234), 'a b')).toBe('mongodb://127.0.0.1:1234/a%20b?directConnection=true');
  });
});
