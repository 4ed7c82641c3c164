import bs58 from 'bs58';
import { describe, expect, it } from 'vitest';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import { RpcError, type RpcReason } from '../../../src/chain/rpc-error.js';
import {
  listAccounts,
  readByAddress,
  readListed,
  type AccountPage,
  type ListingChain,
} from '../../../src/reconcile/account-pages.js';

const PROGRAM = 'Program';
const TYPE = Uint8Array.of(1, 2, 3);
const SLOT = 77;

function info(address: string): AccountInfo {
  return { owner: PROGRAM, lamports: 1n, data: Buffer.from(address) };
}

/** A chain that has these accounts, and remembers what it was asked. */
function chainOf(has: readonly string[], failing: { readonly method: string; readonly error: Error } | null = null) {
  const asked: string[] = [];
  const there = new Set(has);
  const ask = (method: string, detail: string) => {
    asked.push(`${method} ${detail}`);
    if (failing?.method === method) throw failing.error;
  };
  const chain: ListingChain = {
    accounts: async (addresses, commitment) => {
      ask('accounts', `${addresses.length} ${commitment}`);
      return { contextSlot: SLOT, accounts: addresses.map((one) => (there.has(one) ? info(one) : null)) };
    },
    programAccounts: async (_, filters, commitment) => {
      ask('programAccounts', `${String(filters.discriminator)} ${commitment}`);
      return { contextSlot: SLOT + 1, accounts: has.map((address) => ({ address, ...info(address) })) };
    },
    programAccountKeys: async (_, discriminator, commitment) => {
      ask('programAccountKeys', `${String(discriminator)} ${commitment}`);
      return { contextSlot: SLOT, addresses: [...has] };
    },
  };
  return { chain, asked };
}

const addresses = (count: number) => Array.from({ length: count }, (_, at) => `account${at}`);

async function pagesOf(pages: AsyncGenerator<AccountPage>): Promise<AccountPage[]> {
  const all: AccountPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const keysOf = (pages: readonly AccountPage[]) => pages.flatMap(({ accounts }) => [...accounts.keys()]);

describe('listing the accounts of a type', () => {
  it('asks for their addresses alone, at finalized', async () => {
    const { chain, asked } = chainOf(addresses(3));
    const listing = await listAccounts(chain, PROGRAM, TYPE);
    expect(listing).toEqual({ keys: new Set(addresses(3)), slot: SLOT, refusal: null });
    expect(asked).toEqual(['programAccountKeys 1,2,3 finalized']);
  });

  it.each<RpcReason>(['method-unsupported', 'refused', 'bad-request'])(
    'an endpoint that will never list them says so, and nothing is known (%s, I5)',
    async (reason) => {
      const { chain } = chainOf([], { method: 'programAccountKeys', error: new RpcError(reason, 'closed here') });
      expect(await listAccounts(chain, PROGRAM, TYPE)).toEqual({ keys: null, slot: null, refusal: 'closed here' });
    },
  );

  it.each([
    ...(['unreachable', 'timeout', 'rate-limited', 'server-error', 'not-ready', 'malformed-answer'] as const).map(
      (reason) => new RpcError(reason, 'not now'),
    ),
    new Error('a bug'),
  ])('what may be otherwise in a moment is thrown (%o, I5)', async (error) => {
    const { chain } = chainOf([], { method: 'programAccountKeys', error });
    await expect(listAccounts(chain, PROGRAM, TYPE)).rejects.toBe(error);
  });
});

describe('reading by address', () => {
  it('asks for a hundred at once, in order', async () => {
    const { chain, asked } = chainOf(addresses(250));
    const pages = await pagesOf(readByAddress(chain, addresses(250)));
    expect(asked).toEqual(['accounts 100 finalized', 'accounts 100 finalized', 'accounts 50 finalized']);
    expect(keysOf(pages)).toEqual(addresses(250));
    expect(pages.every(({ slot }) => slot === SLOT)).toBe(true);
  });

  it('asks for the next page while one is looked at, and for no other', async () => {
    const { chain, asked } = chainOf(addresses(400));
    const pages = readByAddress(chain, addresses(400));
    expect(asked).toEqual([]);
    await pages.next();
    expect(asked).toHaveLength(2);
    await pages.next();
    expect(asked).toHaveLength(3);
  });

  it('throws what the chain answers when that page is asked for', async () => {
    const { chain } = chainOf(addresses(200));
    let calls = 0;
    const failing: Pick<ListingChain, 'accounts'> = {
      accounts: (...asked) => {
        if (++calls === 2) throw new RpcError('unreachable', 'gone');
        return chain.accounts(...asked);
      },
    };
    const pages = readByAddress(failing, addresses(200));
    const first = (await pages.next()) as IteratorYieldResult<AccountPage>;
    expect(first.value.accounts.size).toBe(100);
    await expect(pages.next()).rejects.toThrow('gone');
  });

  it('asks nothing for nothing', async () => {
    const { chain, asked } = chainOf([]);
    expect(await pagesOf(readByAddress(chain, []))).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('says of one that is not there that it is not there', async () => {
    const { chain } = chainOf(['account1']);
    const [page] = await pagesOf(readByAddress(chain, addresses(2)));
    expect(page?.accounts).toEqual(
      new Map([
        ['account0', null],
        ['account1', info('account1')],
      ]),
    );
  });
});

describe('reading what was listed', () => {
  const read = (chain: ListingChain, keys: readonly string[]) =>
    pagesOf(readListed(chain, PROGRAM, TYPE, new Set(keys)));

  it.each([
    [999, 'accounts'],
    [1_000, 'programAccounts'],
    [10_000, 'programAccounts'],
    [10_001, 'accounts'],
  ])('%i of them by %s, whichever is cheaper', async (count, method) => {
    const { chain, asked } = chainOf(addresses(count));
    const pages = await read(chain, addresses(count));
    expect(keysOf(pages)).toEqual(addresses(count));
    expect(asked).toHaveLength(method === 'accounts' ? Math.ceil(count / 100) : 1);
    expect(asked.every((one) => one.startsWith(`${method} `))).toBe(true);
    expect(Math.max(...pages.map(({ accounts }) => accounts.size))).toBe(100);
  });

  it('falls back to addresses where the whole list is refused, whatever the reason', async () => {
    for (const reason of ['refused', 'timeout', 'malformed-answer'] as const) {
      const { chain, asked } = chainOf(addresses(1_000), {
        method: 'programAccounts',
        error: new RpcError(reason, 'too large'),
      });
      expect(keysOf(await read(chain, addresses(1_000)))).toEqual(addresses(1_000));
      expect(asked).toHaveLength(11);
    }
  });

  it('hides no bug behind the fallback', async () => {
    const error = new Error('a bug');
    const { chain } = chainOf(addresses(1_000), { method: 'programAccounts', error });
    await expect(read(chain, addresses(1_000))).rejects.toBe(error);
  });

  it('reads once more by address what vanished between list and read: gone is then a null of its own (I5)', async () => {
    const listed = addresses(1_002);
    const { chain, asked } = chainOf(listed.slice(1, -1));
    const pages = await read(chain, listed);
    expect(asked).toEqual(['programAccounts 1,2,3 finalized', 'accounts 2 finalized']);
    expect(new Set(keysOf(pages))).toEqual(new Set(listed));
    expect(pages.at(-1)).toEqual({
      slot: SLOT,
      accounts: new Map([
        ['account0', null],
        ['account1001', null],
      ]),
    });
  });

  it('takes in what appeared between list and read', async () => {
    const { chain } = chainOf(addresses(1_001));
    expect(keysOf(await read(chain, addresses(1_000)))).toEqual(addresses(1_001));
  });
});

it('is given addresses only: what merely looks like one is none', async () => {
  const { isAddress } = await import('../../../src/domain-kit/command-fields.js');
  expect(isAddress(bs58.encode(new Uint8Array(32).fill(5)))).toBe(true);
  expect(isAddress('1'.repeat(32))).toBe(true);
  for (const none of [
    '',
    'z'.repeat(44),
    '2'.repeat(32),
    '0'.repeat(32),
    bs58.encode(new Uint8Array(33).fill(5)),
    'sale/log/0',
  ])
    expect(isAddress(none), none).toBe(false);
});
