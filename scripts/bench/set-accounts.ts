import { request } from 'undici';
import type { CouponAccount } from './coupon-accounts.js';

/** Requests in flight: more make it no faster. Each takes a Surfnet longer the more accounts the program has (seen with 1.5.0). */
const AT_ONCE = 16;
/** Enough to be kept; a Surfnet asks for no rent. */
const LAMPORTS = 5_000_000;
const REPORT_EVERY = 10_000;

/**
 * Puts accounts of a program onto a Surfnet as they are, past its transactions: so many as no bench could have made by
 * trade. There is no event of them.
 */
export async function setAccounts(
  rpcUrl: string,
  owner: string,
  accounts: readonly CouponAccount[],
  onSet: (count: number) => void,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let account = accounts[next++]; account; account = accounts[next++]) {
      await setAccount(rpcUrl, owner, account);
      if (next % REPORT_EVERY === 0) onSet(next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function setAccount(rpcUrl: string, owner: string, { address, data }: CouponAccount): Promise<void> {
  const params = [address, { lamports: LAMPORTS, owner, data: data.toString('hex'), executable: false }];
  const { body } = await request(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'surfnet_setAccount', params }),
  });
  const answer = (await body.json()) as { error?: { message: string } };
  if (answer.error) throw new Error(`the chain does not set account ${address}: ${answer.error.message}`);
}
