import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type ApiProcess } from '../../../src/app/api-process.js';
import { findOnPath } from '../../../src/dev/find-on-path.js';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { eventually } from '../../support/eventually.js';
import { pda } from '../programs/red-packets-chain.js';
import { startLiveChain, type LiveChain } from './live-chain.js';

const executablePath = findOnPath('chromium') ?? findOnPath('chromium-browser') ?? findOnPath('google-chrome');
const isRequired = process.env['MOORING_TEST_BROWSER'] === 'required';
// A newcomer need not have a browser that can be driven; where everything is checked it must not go unnoticed.
const skipped = executablePath === undefined && !isRequired;

describe.skipIf(skipped)(`the example page in a browser${skipped ? ', skipped: no chromium' : ''} (000-7)`, () => {
  let live: LiveChain;
  let browser: Browser;
  let page: Page;
  let api: ApiProcess;
  const complaints: string[] = [];

  beforeAll(async () => {
    live = await startLiveChain(8);
    api = live.stack.api;
    // As root, as in a container, Chromium runs without its sandbox or not at all.
    const args = ['--no-sandbox', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath: executablePath ?? 'chromium', args });
    page = await browser.newPage({ viewport: { width: 420, height: 900 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()));
  });
  afterAll(async () => {
    await browser?.close();
    if (api !== live?.stack.api) await api.stop();
    await live?.stack.stop();
  });

  const says = (id: string, text: string) =>
    eventually(async () => {
      const found = (await page.locator(`#${id}`).textContent()) ?? '';
      if (found.includes(text)) return true;
      throw new Error(`#${id} says ${found}`);
    });
  const claimRows = () => page.locator('#claims li').count();

  it('shows a packet as it comes into being, waits for its randomness and fills up, and who is the luckiest', async () => {
    const { client, creator, oracle, users } = live;
    const packet = pda.packet(creator.publicKey, 1n);
    await page.goto(`${api.url}/examples/red-packet-live/`);
    await says('connection', 'live');
    await says('lobby', 'There is no packet yet');
    await client.create(creator, {
      ...{ packetId: 1n, kind: 'random', totalAmount: 2_000_000_000n, count: 8, oracle: oracle.publicKey },
    });
    await page.getByRole('link', { name: '恭喜发财' }).click();
    await says('connection', 'live');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('恭喜发财');
    await says('status', 'randomness was not asked for yet');
    await client.request(packet, creator);
    await says('status', 'waiting for randomness');
    await client.fulfil(packet, oracle);
    await says('status', 'open');
    expect(await page.getByRole('progressbar', { name: 'Shares claimed' }).getAttribute('aria-valuenow')).toBe('0');
    for (const user of users.slice(0, 3)) await client.claim(packet, user);
    await eventually(async () => (await claimRows()) === 3);
    await says('shares', '5 of 8 shares are left; it began with 2 SOL in all');
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('3');
    const best = String((await live.stack.get(`/api/packets/${packet.toBase58()}`)).body['bestClaim']);
    await eventually(async () => (await page.locator('#claims li.best').getAttribute('data-claim')) === best);
    expect(await page.locator('#claims li.best').textContent()).toContain('luckiest');
    await says('log', 'drew');
    await says('expiry', 'until');
  });

  it('says so where there is no such packet, and where the name can be none', async () => {
    const other = await browser.newPage();
    const text = (id: string) => other.locator(`#${id}`).textContent();
    await other.goto(`${api.url}/examples/red-packet-live/?packet=${live.users[0]!.publicKey.toBase58()}`);
    await eventually(async () => (await text('trouble'))?.includes('There is no such packet (yet)'));
    await other.goto(`${api.url}/examples/red-packet-live/?packet=nonsense`);
    await eventually(async () => (await text('trouble'))?.includes('No packet can be followed here'));
    expect(await text('connection')).toBe('not subscribed');
    await other.close();
  });

  it('goes on by itself when the connection is back, with what it missed', async () => {
    const { client, creator, users, stack } = live;
    const packet = pda.packet(creator.publicKey, 1n);
    const port = Number(new URL(api.url).port);
    await api.stop();
    await says('connection', 'connection lost');
    for (const user of users.slice(3, 5)) await client.claim(packet, user);
    expect(await claimRows()).toBe(3);
    const { foundation } = stack;
    api = await startApi({ ...foundation, config: { ...foundation.config, port } }, [redPacketRoutes()]);
    await says('connection', 'live');
    await eventually(async () => (await claimRows()) === 5);
    await says('shares', '3 of 8 shares');
    // What the browser itself says of the server that was away.
    expect(complaints.filter((line) => !line.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    complaints.length = 0;
  });

  it('takes a claim off that a fork dropped, with its amount and the crown', async () => {
    const { client, creator, users, lies, stack } = live;
    const packet = pda.packet(creator.publicKey, 1n);
    const user = users[5]!;
    const { signature } = await client.claim(packet, user);
    await eventually(async () => (await claimRows()) === 6);
    await says('shares', '2 of 8 shares');
    const claim = pda.claim(packet, user.publicKey).toBase58();
    const [event] = (await stack.foundation.mongo.db
      .collection('ledger_events')
      .find({ signature })
      .toArray()) as unknown as [{ slot: number }];
    lies.vanish(signature, event.slot);
    await eventually(async () => (await page.locator(`[data-claim="${claim}"]`).count()) === 0, { timeoutMs: 60_000 });
    await says('shares', '3 of 8 shares');
    await says('log', 'Taken back');
    const best = await page.locator('#claims li.best').getAttribute('data-claim');
    const address = packet.toBase58();
    const { bestClaim } = (await fetch(`${api.url}/api/packets/${address}`).then((answer) => answer.json())) as {
      bestClaim: string;
    };
    expect(best).toBe(bestClaim);
  });

  it('breaks no rule of the content security policy, and can be used without a mouse', async () => {
    await page.goto(`${api.url}/examples/red-packet-live/`);
    await says('connection', 'live');
    await page.getByRole('link', { name: '恭喜发财' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('恭喜发财');
    await page.keyboard.press('Enter');
    await eventually(async () => (await claimRows()) === 5);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(complaints).toEqual([]);
  });
});
