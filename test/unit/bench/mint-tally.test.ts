import { expect, it } from 'vitest';
import { tallyMints } from '../../../scripts/bench/transactions/mint-tally.js';

it('counts what landed, landed twice, and was told wrongly', () => {
  const minted = (owner: string) => ({ id: 'x', name: 'CouponMinted', slot: 1, data: { owner } });
  const asked = (recipient: string, toldLanded: boolean) => ({ recipient, toldLanded });
  const tally = tallyMints(
    [asked('once', true), asked('twice', true), asked('unknowingly', false), asked('never', true), asked('not', false)],
    [minted('once'), minted('twice'), minted('twice'), minted('unknowingly'), minted('somebody else')],
  );
  expect(tally).toEqual({ requests: 5, landed: 3, doubled: 1, falseFailures: 1, falseSuccesses: 1 });
});
