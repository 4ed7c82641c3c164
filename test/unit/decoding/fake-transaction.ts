import bs58 from 'bs58';
import fc from 'fast-check';
import { PublicKey } from '@solana/web3.js';

/** A program key for tests: 32 bytes of one value. */
export const key = (byte: number): string => new PublicKey(new Uint8Array(32).fill(byte)).toBase58();

export const OURS = key(7);
export const ROUTER = key(8);
export const TOKEN = key(9);
export const ED25519 = 'Ed25519SigVerify111111111111111111111111111';
export const AUTHORITY = PublicKey.findProgramAddressSync(
  [Buffer.from('__event_authority')],
  new PublicKey(OURS),
)[0].toBase58();
export const EVENT_TAG = Buffer.from('e445a52e51cb9a1d', 'hex');
export const SIGNATURE = bs58.encode(new Uint8Array(64).fill(3));

/** What an invocation does, in order. */
export type Step =
  | { readonly do: 'data'; readonly payload: Uint8Array }
  | { readonly do: 'message'; readonly text: string }
  | { readonly do: 'invoke'; readonly invocation: Invocation };

export interface Invocation {
  readonly programId: string;
  readonly accounts: readonly string[];
  readonly data: Uint8Array;
  readonly steps: readonly Step[];
}

/** An event the transaction really holds. */
export interface ExpectedEvent {
  readonly channel: 'log' | 'cpi';
  readonly place: number;
  readonly payload: Uint8Array;
}

export interface RenderedTransaction {
  readonly logs: readonly string[];
  /** As `getTransaction` with `encoding: 'json'` answers. */
  readonly json: {
    slot: number;
    version: number;
    transaction: { signatures: string[]; message: { accountKeys: string[]; instructions: JsonInstruction[] } };
    meta: {
      err: unknown;
      logMessages: string[] | null;
      innerInstructions: { index: number; instructions: JsonInstruction[] }[] | null;
      loadedAddresses: { writable: string[]; readonly: string[] };
    };
  };
  readonly expected: readonly ExpectedEvent[];
}

export interface JsonInstruction {
  programIdIndex: number;
  accounts: number[];
  data: string;
  stackHeight: number | null;
}

/** Plays the runtime: writes the logs and the instruction lists of a transaction, and notes the events of OURS. */
export function renderTransaction(topLevel: readonly Invocation[]): RenderedTransaction {
  const logs: string[] = [];
  const expected: ExpectedEvent[] = [];
  const keys: string[] = [];
  let begun = 0;
  let dataLines = 0;

  const indexOf = (address: string): number => {
    if (!keys.includes(address)) keys.push(address);
    return keys.indexOf(address);
  };
  const run = (invocation: Invocation, caller: string | null, height: number, into: JsonInstruction[]): void => {
    const { programId, accounts, data, steps } = invocation;
    into.push({
      programIdIndex: indexOf(programId),
      accounts: accounts.map(indexOf),
      data: bs58.encode(data),
      stackHeight: height,
    });
    if (programId === ED25519) return;
    logs.push(`Program ${programId} invoke [${height}]`);
    begun++;
    dataLines = 0;
    const tagged = Buffer.from(data.subarray(0, 8)).equals(EVENT_TAG);
    if (tagged && caller === OURS && programId === OURS && accounts[0] === AUTHORITY) {
      expected.push({ channel: 'cpi', place: begun * 65536, payload: data.subarray(8) });
    }
    for (const step of steps) {
      if (step.do === 'message') logs.push(`Program log: ${step.text}`);
      else if (step.do === 'invoke') run(step.invocation, programId, height + 1, into);
      else {
        logs.push(`Program data: ${Buffer.from(step.payload).toString('base64')}`);
        if (programId === OURS) {
          expected.push({ channel: 'log', place: begun * 65536 + 1 + dataLines, payload: step.payload });
        }
        dataLines++;
      }
    }
    logs.push(`Program ${programId} consumed 1200 of 200000 compute units`, `Program ${programId} success`);
  };

  const instructions: JsonInstruction[] = [];
  const inner = topLevel.map((invocation, index) => {
    const list: JsonInstruction[] = [];
    run(invocation, null, 1, list);
    instructions.push({ ...list.shift()!, stackHeight: null });
    return { index, instructions: list };
  });
  // The last keys come from lookup tables.
  const loaded = keys.splice(Math.max(1, keys.length - 2));
  const writable = loaded.slice(0, 1);
  return {
    logs,
    expected,
    json: {
      slot: 5,
      version: 0,
      transaction: { signatures: [SIGNATURE], message: { accountKeys: keys, instructions } },
      meta: {
        err: null,
        logMessages: [...logs],
        innerInstructions: inner.filter(({ instructions: list }) => list.length > 0),
        loadedAddresses: { writable, readonly: loaded.slice(1) },
      },
    },
  };
}

/** An instruction without effects, to be spread over. */
export const invocation = (programId: string, ...steps: readonly Step[]): Invocation => ({
  programId,
  accounts: [],
  data: new Uint8Array(0),
  steps,
});
export const invoke = (inner: Invocation): Step => ({ do: 'invoke', invocation: inner });
export const data = (payload: Uint8Array): Step => ({ do: 'data', payload });
export const message = (text: string): Step => ({ do: 'message', text });
/** The instruction `emit_cpi!` sends; forged when another program, or nobody, sends it. */
export const selfEvent = (payload: Uint8Array): Invocation => ({
  programId: OURS,
  accounts: [AUTHORITY],
  data: Buffer.concat([EVENT_TAG, payload]),
  steps: [],
});

/** Things a user could get printed, shaped like everything the walker looks for. */
export const forgery: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    `\nProgram ${OURS} invoke [1]`,
    `x\nProgram ${OURS} invoke [1]\nProgram data: AAAAAAAAAAA=`,
    'Program data: AAAAAAAAAAA=',
    `Program ${OURS} success`,
    `Program ${OURS} failed: custom program error: 0x1`,
    'Log truncated',
    '\nLog truncated',
    'AAAAAAAAAAA=',
    'invoke [1]',
    'I will invoke [2]',
  ),
  fc.string(),
);

const payload = fc.uint8Array({ maxLength: 40 });
const tree = fc.letrec<{ step: Step; invocation: Invocation }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'cpi' },
    { weight: 4, arbitrary: payload.map(data) },
    { weight: 3, arbitrary: forgery.map(message) },
    { weight: 2, arbitrary: payload.map((bytes) => invoke(selfEvent(bytes))) },
    { weight: 3, arbitrary: tie('invocation').map(invoke) },
  ),
  invocation: fc.record({
    programId: fc.constantFrom(OURS, ROUTER, TOKEN),
    accounts: fc.subarray([key(20), key(21), AUTHORITY]),
    data: fc.oneof(
      payload,
      payload.map((bytes) => new Uint8Array(Buffer.concat([EVENT_TAG, bytes]))),
    ),
    steps: fc.array(tie('step'), { maxLength: 5, depthIdentifier: 'cpi' }),
  }),
}));

/** Transactions with forgeries in every position and real events in some. */
export const anyTransaction: fc.Arbitrary<RenderedTransaction> = fc
  .array(
    fc.oneof({ weight: 5, arbitrary: tree.invocation }, { weight: 1, arbitrary: fc.constant(invocation(ED25519)) }),
    {
      maxLength: 4,
    },
  )
  .map(renderTransaction);
