import type { AccountInfo, ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';

/** Accounts of one request by address (getMultipleAccounts), and of one page of a whole list. */
const ACCOUNTS_PER_PAGE = 100;
/**
 * Up to so many accounts a second getProgramAccounts, with the data, costs no more than reading them by address: providers
 * charge about ten times a plain request for it. Beyond the upper bound one answer becomes larger than a worker should hold.
 */
const WHOLE_LIST = { from: 1_000, to: 10_000 } as const;

/** The chain as a listing needs it. */
export type ListingChain = Pick<ChainPort, 'programAccounts' | 'programAccountKeys' | 'accounts'>;

/**
 * Which accounts of a type there are. `keys` null: the endpoint does not list them (the method is closed, or the answer too
 * large), so that only those somebody knows of can be looked at.
 */
export interface AccountListing {
  readonly keys: ReadonlySet<string> | null;
  /** As of this finalized slot; null where nothing was listed. */
  readonly slot: number | null;
  readonly refusal: string | null;
}

/** Accounts as of one finalized slot, null = gone since it was listed. */
export interface AccountPage {
  readonly slot: number;
  readonly accounts: ReadonlyMap<string, AccountInfo | null>;
}

/**
 * The addresses of all accounts with this discriminator, at finalized.
 * @throws RpcError where the chain does not answer now; an endpoint that answers and refuses is an answer.
 */
export async function listAccounts(
  chain: ListingChain,
  programId: string,
  discriminator: Uint8Array,
): Promise<AccountListing> {
  try {
    const { contextSlot, addresses } = await chain.programAccountKeys(programId, discriminator, 'finalized');
    return { keys: new Set(addresses), slot: contextSlot, refusal: null };
  } catch (error) {
    if (!(error instanceof RpcError) || !isRefusal(error)) throw error;
    return { keys: null, slot: null, refusal: error.message };
  }
}

/** Reads listed accounts, whole or by address, whichever is cheaper; a page ahead of who looks at them. @throws RpcError */
export function readListed(
  chain: ListingChain,
  programId: string,
  discriminator: Uint8Array,
  keys: ReadonlySet<string>,
): AsyncGenerator<AccountPage> {
  return oneAhead(pagesOfListed(chain, programId, discriminator, keys));
}

async function* pagesOfListed(
  chain: ListingChain,
  programId: string,
  discriminator: Uint8Array,
  keys: ReadonlySet<string>,
): AsyncGenerator<AccountPage> {
  if (keys.size < WHOLE_LIST.from || keys.size > WHOLE_LIST.to) {
    yield* pagesByAddress(chain, [...keys]);
    return;
  }
  let whole;
  try {
    whole = await chain.programAccounts(programId, { discriminator }, 'finalized');
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    yield* pagesByAddress(chain, [...keys]);
    return;
  }
  const { contextSlot, accounts } = whole;
  for (let start = 0; start < accounts.length; start += ACCOUNTS_PER_PAGE) {
    const page = accounts.slice(start, start + ACCOUNTS_PER_PAGE);
    yield { slot: contextSlot, accounts: new Map(page.map(({ address, ...account }) => [address, account])) };
  }
  const seen = new Set(accounts.map(({ address }) => address));
  yield* pagesByAddress(
    chain,
    [...keys].filter((key) => !seen.has(key)),
  );
}

/** Reads accounts by address, a page a request, one request at a time, a page ahead of who looks at them. @throws RpcError */
export function readByAddress(
  chain: Pick<ChainPort, 'accounts'>,
  addresses: readonly string[],
): AsyncGenerator<AccountPage> {
  return oneAhead(pagesByAddress(chain, addresses));
}

async function* pagesByAddress(
  chain: Pick<ChainPort, 'accounts'>,
  addresses: readonly string[],
): AsyncGenerator<AccountPage> {
  for (let start = 0; start < addresses.length; start += ACCOUNTS_PER_PAGE) {
    const page = addresses.slice(start, start + ACCOUNTS_PER_PAGE);
    const { contextSlot, accounts } = await chain.accounts(page, 'finalized');
    yield { slot: contextSlot, accounts: new Map(page.map((address, at) => [address, accounts[at] ?? null])) };
  }
}

/** The same pages, each asked for while the one before is looked at: nobody waits for the network and the database in turn. */
async function* oneAhead<T>(pages: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = pages.next();
  for (;;) {
    const page = await next;
    if (page.done) return;
    next = pages.next();
    // It is thrown when its turn comes, or nobody wants it any more.
    next.catch(() => undefined);
    yield page.value;
  }
}

/** What waiting does not change: the method is closed, the key not indexed, the answer larger than the endpoint gives. */
function isRefusal({ reason }: RpcError): boolean {
  return reason === 'method-unsupported' || reason === 'refused' || reason === 'bad-request';
}
