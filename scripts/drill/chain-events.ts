import anchor, { type Idl } from '@coral-xyz/anchor';
import { PublicKey, type Connection } from '@solana/web3.js';
import bs58 from 'bs58';
import coupons from '../../idl/coupons.json' with { type: 'json' };

/** An event as the chain alone tells it. */
export interface ChainEvent {
  /** As the ledger names it: `<signature>/log/<n>` or `<signature>/cpi/<n>`. */
  readonly id: string;
  readonly name: string;
  readonly slot: number;
  /** Field names as in the IDL file; numbers beyond 32 bits are BN, addresses PublicKey. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** First eight bytes of an event that a program sends to itself (anchor `emit_cpi!`). */
const EVENT_CPI_TAG = 'e445a52e51cb9a1d';
const PAGE = 1_000;
/** Requests under way at once. */
const AT_ONCE = 8;
const ATTEMPTS = 5;

/** Signatures of every successful transaction that names the program, by paging through its history. */
export async function signaturesOf(connection: Connection, program: PublicKey): Promise<string[]> {
  const signatures: string[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await connection.getSignaturesForAddress(program, before ? { before, limit: PAGE } : { limit: PAGE });
    signatures.push(...page.filter(({ err }) => err === null).map(({ signature }) => signature));
    before = page.at(-1)?.signature;
    if (page.length < PAGE) return signatures;
  }
}

/** Every event of the coupons program that the chain's history has. */
export async function allEvents(connection: Connection): Promise<ChainEvent[]> {
  return eventsOf(connection, coupons, await signaturesOf(connection, new PublicKey(coupons.address)));
}

/**
 * The program's events in these transactions, found without anything of ours: web3.js fetches, Anchor's coder decodes,
 * and the few lines below say whose a log line is.
 */
export async function eventsOf(
  connection: Connection,
  idl: { readonly address: string },
  signatures: readonly string[],
): Promise<ChainEvent[]> {
  const program = new PublicKey(idl.address);
  const coder = new anchor.BorshEventCoder(idl as Idl);
  const events: ChainEvent[] = [];
  const left = [...signatures];
  const work = async (): Promise<void> => {
    for (let signature = left.pop(); signature !== undefined; signature = left.pop()) {
      events.push(...(await eventsIn(connection, coder, program, signature)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return events;
}

interface FoundPayload {
  readonly isOurs: boolean;
  readonly payload: string;
}

async function eventsIn(
  connection: Connection,
  coder: anchor.BorshEventCoder,
  program: PublicKey,
  signature: string,
): Promise<ChainEvent[]> {
  const transaction = await fetchTransaction(connection, signature);
  const { slot, meta } = transaction;
  if (!meta || meta.err !== null) return [];
  const keys = transaction.transaction.message.getAccountKeys({
    accountKeysFromLookups: meta.loadedAddresses ?? null,
  });
  const [authority] = PublicKey.findProgramAddressSync([Buffer.from('__event_authority')], program);

  const byLog = dataLines(meta.logMessages ?? [], program.toBase58());
  // Ids count the events of every program in the transaction, so ours are picked out after counting.
  const byCpi = (meta.innerInstructions ?? [])
    .flatMap(({ instructions }) => instructions)
    .map((instruction) => ({ ...instruction, bytes: Buffer.from(bs58.decode(instruction.data)) }))
    .filter(({ bytes }) => bytes.subarray(0, 8).toString('hex') === EVENT_CPI_TAG)
    .map(({ programIdIndex, accounts, bytes }) => ({
      isOurs:
        keys.get(programIdIndex)?.equals(program) === true && keys.get(accounts[0] ?? -1)?.equals(authority) === true,
      payload: bytes.subarray(8).toString('base64'),
    }));
  const decoded = (channel: 'log' | 'cpi') => (found: FoundPayload, ordinal: number) => {
    const event = found.isOurs ? coder.decode(found.payload) : null;
    return event
      ? [{ id: `${signature}/${channel}/${ordinal}`, slot, name: event.name, data: event.data as ChainEvent['data'] }]
      : [];
  };
  return [...byLog.flatMap(decoded('log')), ...byCpi.flatMap(decoded('cpi'))];
}

/** Every `Program data:` line, and whether the program itself ran then, not one it called or was called by. */
function dataLines(logs: readonly string[], program: string): FoundPayload[] {
  const running: string[] = [];
  const found: FoundPayload[] = [];
  for (const line of logs) {
    const invoked = /^Program (\S+) invoke \[(\d+)\]$/.exec(line);
    if (invoked) {
      running.length = Number(invoked[2]) - 1;
      running.push(invoked[1] as string);
    } else if (/^Program \S+ (success|failed: .*)$/.test(line)) running.pop();
    else if (line.startsWith('Program data: ')) {
      found.push({ isOurs: running.at(-1) === program, payload: line.slice('Program data: '.length) });
    }
  }
  return found;
}

/** A node may answer null for what it has just confirmed. */
async function fetchTransaction(connection: Connection, signature: string) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await connection.getTransaction(signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 1,
    });
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`the chain no longer has ${signature}`);
}
