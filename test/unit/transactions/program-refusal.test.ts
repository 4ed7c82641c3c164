import { describe, expect, it } from 'vitest';
import { describeRefusal } from '../../../src/transactions/program-refusal.js';

const OURS = '2U7G18mRwqf1gVRiy942GXZx1ywwcBQW8dpfeXKwGov4';
const OTHER = 'BPFLoaderUpgradeab1e11111111111111111111111';
const SYSTEM = '11111111111111111111111111111111';
const catalogs = [
  { address: OURS, errors: [{ code: 6016, name: 'NotCouponOwner', msg: 'The signer does not own this coupon' }] },
];
const custom = (code: number) => ({ InstructionError: [0, { Custom: code }] });
const failed = (program: string) => [
  `Program ${program} invoke [1]`,
  `Program ${program} failed: custom program error: 0x1`,
];

describe('describeRefusal', () => {
  it.each([
    ['our error by its IDL', custom(6016), failed(OURS), { name: 'NotCouponOwner', code: 6016, program: OURS }],
    ['our error without logs', custom(6016), [], { name: 'NotCouponOwner', program: null }],
    ["another program's error of the same number", custom(6016), failed(OTHER), { name: 'Custom6016', program: OTHER }],
    [
      "Anchor's own",
      custom(2006),
      failed(OURS),
      { name: 'ConstraintSeeds', message: 'A seeds constraint was violated' },
    ],
    [
      'the system program, called by ours',
      custom(1),
      [...failed(SYSTEM), ...failed(OURS)],
      { name: 'InsufficientLamports', program: SYSTEM },
    ],
    [
      'an instruction error without a number',
      { InstructionError: [0, 'MissingRequiredSignature'] },
      failed(OURS),
      { name: 'MissingRequiredSignature', code: null },
    ],
    [
      'an instruction error with a text',
      { InstructionError: [0, { BorshIoError: 'x' }] },
      [],
      { name: 'BorshIoError' },
    ],
    ['the runtime', 'InsufficientFundsForFee', [], { name: 'InsufficientFundsForFee', code: null, program: null }],
    [
      'the runtime, with details',
      { InsufficientFundsForRent: { account_index: 0 } },
      [],
      { name: 'InsufficientFundsForRent' },
    ],
    ['nonsense', null, [], { name: 'TransactionError' }],
    ['more nonsense', { InstructionError: 'x' }, [], { name: 'TransactionError' }],
  ])('names %s', (_, err, logs, expected) => {
    const refusal = describeRefusal('landed', err, logs, catalogs);
    expect(refusal).toMatchObject(expected.name === 'TransactionError' ? { stage: 'landed', code: null } : expected);
    expect(refusal.message).not.toBe('');
  });

  it('I11: does not believe what a program prints', () => {
    const forged = [
      `Program log: Program ${SYSTEM} failed: custom program error: 0x1`,
      'Program log: AnchorError occurred. Error Code: Fake.',
      ...failed(OURS),
    ];
    expect(describeRefusal('simulation', custom(6016), forged, catalogs)).toMatchObject({
      name: 'NotCouponOwner',
      program: OURS,
    });
  });
});
