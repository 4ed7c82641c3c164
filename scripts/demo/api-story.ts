import type { Keypair } from '@solana/web3.js';
import { MooringError } from '../../src/lib/errors.js';
import type { Scene } from './scene.js';
import type { Terminal } from './terminal.js';

interface Answer {
  readonly status: number;
  readonly body: {
    readonly address: string;
    readonly slot: number | null;
    readonly state: string;
    readonly statusUrl?: string;
    readonly document?: unknown;
    readonly addresses: Readonly<Record<string, string | readonly string[]>>;
    readonly detail?: string;
  };
}

const PATIENCE_MS = 60_000;
const WEEK_MS = 7 * 24 * 3_600_000;

/** Writes every kind of change through the API: chain first, and the answer comes when the document is there. */
export async function playApiStory({ stack, apiKey, signers }: Scene, terminal: Terminal): Promise<string[]> {
  const [merchant, ada, ben] = signers.map((signer: Keypair) => signer.publicKey.toBase58()) as [
    string,
    string,
    string,
  ];
  const events: string[] = [];

  /** One request; its events are those that the program emits for it when it succeeds. */
  const write = async (
    told: string,
    [method, path]: readonly [string, string],
    body: Readonly<Record<string, unknown>>,
    emitted: readonly string[],
  ): Promise<Answer['body']> => {
    const startedAt = performance.now();
    const answer = await request(`${stack.api.url}${path}`, apiKey, method, body);
    const tookMs = Math.round(performance.now() - startedAt);
    events.push(...emitted);
    const shortPath = path.replace(/[1-9A-HJ-NP-Za-km-z]{32,44}/g, (address) => `${address.slice(0, 4)}…`);
    const shown = answer.body.document === null ? 'gone' : 'readable';
    const outcome = answer.status === 202 ? 'not readable yet' : shown;
    const left = `${method.padEnd(5)} ${shortPath}`.padEnd(33);
    terminal.line(
      `  ${terminal.style('cyan', left)} ${terminal.style('green', String(answer.status))} ${told.padEnd(23)} ` +
        terminal.style('dim', `slot ${answer.body.slot}, ${outcome} in ${tookMs} ms`),
    );
    return answer.body;
  };
  const terms = (title: string) => ({
    title,
    description: 'Bring a friend, "$5 off" for both',
    discountBps: 2_500,
    maxSupply: 100,
    resaleFeeBps: 250,
    expiresAt: new Date(Date.now() + WEEK_MS).toISOString(),
  });

  await write('a shop opens', ['POST', '/api/merchants'], { name: 'Harbour Coffee', category: 'coffee' }, [
    'MerchantRegistered',
  ]);
  const { address: promotion } = await write(
    'a promotion starts',
    ['POST', '/api/promotions'],
    terms('Two for one at the harbour'),
    ['PromotionCreated'],
  );
  await write('…with better terms', ['PATCH', `/api/promotions/${promotion}`], { discountBps: 5_000 }, [
    'PromotionUpdated',
  ]);
  const { address: first } = await write('Ada gets a coupon', ['POST', '/api/coupons'], { promotion, recipient: ada }, [
    'CouponMinted',
  ]);
  const batch = await write(
    'three more at once',
    ['POST', '/api/coupons/batch'],
    { promotion, recipients: [ada, ada, ben] },
    ['CouponMinted', 'CouponMinted', 'CouponMinted'],
  );
  const [second, third] = batch.addresses['coupons'] as readonly [string, string];
  await write('Ada gives hers to Ben', ['POST', `/api/coupons/${first}/transfer`], { owner: ada, recipient: ben }, [
    'CouponTransferred',
  ]);
  const sale = { owner: ada, coupon: second };
  const { address: listing } = await write(
    'Ada asks 0.04 SOL',
    ['POST', '/api/listings'],
    { ...sale, price: '40000000' },
    ['CouponListed'],
  );
  await write('…no, 0.03 (two events)', ['POST', '/api/listings'], { ...sale, price: '30000000' }, [
    'ListingCancelled',
    'CouponListed',
  ]);
  await write('Ben buys it', ['POST', `/api/listings/${listing}/buy`], { buyer: ben, maxPrice: '30000000' }, [
    'CouponSold',
  ]);
  const other = await write(
    'Ada lists another',
    ['POST', '/api/listings'],
    { owner: ada, coupon: third, price: '1000000000' },
    ['CouponListed'],
  );
  await write('…and takes it back', ['POST', `/api/listings/${other.address}/cancel`], { seller: ada }, [
    'ListingCancelled',
  ]);
  await write('Ben gives five stars', ['POST', '/api/ratings'], { rater: ben, promotion, stars: 5 }, [
    'PromotionRated',
  ]);
  await write('…and says why', ['POST', '/api/comments'], { author: ben, promotion, text: 'It costs $ROOT less 👍' }, [
    'CommentAdded',
  ]);
  await write(
    'Ben redeems his first',
    ['POST', `/api/coupons/${first}/redeem`],
    { owner: ben, merchantAuthority: merchant },
    ['CouponRedeemed'],
  );
  await write('…and throws it away', ['POST', `/api/coupons/${first}/close`], { owner: ben }, ['CouponClosed']);
  const flash = await write('a flash sale starts', ['POST', '/api/promotions'], terms('Flash sale'), [
    'PromotionCreated',
  ]);
  await write('…and ends', ['POST', `/api/promotions/${flash.address}/close`], {}, ['PromotionClosed']);
  return events;
}

/** Sends a write and, should it be answered 202, waits until the chain has decided. */
async function request(url: string, apiKey: string, method: string, body: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const deadline = performance.now() + PATIENCE_MS;
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const first = { status: response.status, body: (await response.json()) as Answer['body'] };
  let { body: latest } = first;
  while (response.status === 202 && latest.state !== 'confirmed' && latest.state !== 'finalized') {
    if (performance.now() > deadline || latest.state === 'failed' || latest.state === 'expired') break;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const look = await fetch(new URL(first.body.statusUrl ?? '', url), { headers });
    latest = (await look.json()) as Answer['body'];
  }
  const landed =
    response.ok && (response.status !== 202 || latest.state === 'confirmed' || latest.state === 'finalized');
  if (!landed) {
    throw new MooringError(
      'demo-failed',
      `${method} ${new URL(url).pathname} was answered ${response.status}: ${latest.detail ?? latest.state}`,
    );
  }
  return { status: first.status, body: { ...first.body, ...latest } };
}
