import { expect, it } from 'vitest';
import { DEFAULT_CREDITS, RpcBill } from '../../../src/reconcile/rpc-bill.js';

it('counts requests by method, and credits by what each costs', () => {
  const bill = new RpcBill();
  expect(bill.cost).toEqual({ requests: 0, credits: 0, byMethod: {} });
  for (const method of ['getSlot', 'getProgramAccounts', 'getMultipleAccounts', 'getSlot']) bill.meter(method);
  expect(bill.cost).toEqual({
    requests: 4,
    credits: 3 + (DEFAULT_CREDITS.getProgramAccounts ?? 0),
    byMethod: { getMultipleAccounts: 1, getProgramAccounts: 1, getSlot: 2 },
  });
});

it('takes what a provider charges, nothing included', () => {
  const bill = new RpcBill({ getSlot: 0, getMultipleAccounts: 2.5 });
  for (const method of ['getSlot', 'getMultipleAccounts', 'getBlock']) bill.meter(method);
  expect(bill.cost).toMatchObject({ requests: 3, credits: 3.5 });
});

it('hands out a copy', () => {
  const bill = new RpcBill();
  const { cost } = bill;
  bill.meter('getSlot');
  expect(cost.requests).toBe(0);
});
