import { readFileSync } from 'node:fs';
import anchor, { type Idl } from '@coral-xyz/anchor';
import {
  ComputeBudgetProgram,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  Transaction,
  type AccountMeta,
  type Connection,
  type Signer,
  type TransactionInstruction,
  type VersionedTransaction,
} from '@solana/web3.js';
import bs58 from 'bs58';

const { AnchorProvider, BN, Program } = anchor;

const STATUS_POLL_MS = 20;
const EVENT_TAG = Buffer.from('e445a52e51cb9a1d', 'hex');
const PROGRAM_DATA = 'Program data: ';

/** Anything Anchor decodes, with bigint for u64 and i64, base58 for addresses and the variant's name for an enum. */
export type Plain = string | number | bigint | boolean | null | Plain[] | { [field: string]: Plain };

export interface EmittedEvent {
  readonly name: string;
  readonly by: 'log' | 'self-cpi';
  readonly data: { [field: string]: Plain };
}

export interface Landed {
  readonly signature: string;
  readonly logs: string[];
  /** Counted as a node counts against its 10,000: the lines without their ends. */
  readonly logBytes: number;
  readonly computeUnits: number;
  readonly wireBytes: number;
  /** In the order of emission, by decoding both kinds of the program's own events. */
  readonly events: EmittedEvent[];
  readonly innerProgramIds: string[];
}

export interface Call {
  readonly args?: unknown[];
  /** Null: none in this optional place. */
  readonly accounts?: Record<string, PublicKey | null>;
  /** The first signs as the provider's wallet and pays. */
  readonly signers: [Keypair, ...Keypair[]];
  readonly remaining?: AccountMeta[];
  readonly computeUnitLimit?: number;
}

interface AccountReader {
  readonly fetchNullable: (this: AccountReader, address: PublicKey) => Promise<unknown>;
}

/** A chain spoken to through Anchor's own client of one program. `Accounts` are by the names that client gives them. */
export function programClient<Accounts extends object>(connection: Connection, idl: Idl) {
  const reader = new Program(idl, { connection });

  async function wallet(sol = 10): Promise<Keypair> {
    const keypair = Keypair.generate();
    const signature = await connection.requestAirdrop(keypair.publicKey, sol * LAMPORTS_PER_SOL);
    await transactionOf(signature);
    return keypair;
  }

  /** Sends an instruction by `Program.methods`, in its camelCase name. Rejects as Anchor's client does. */
  async function call(instruction: string, call: Call, of: Idl = idl): Promise<Landed> {
    const builder = methodsBuilder(instruction, call, of);
    const signature = await builder.rpc();
    return landed(signature);
  }

  function methodsBuilder(instruction: string, { args, accounts, signers, remaining, ...call }: Call, of: Idl) {
    const [payer, ...others] = signers;
    const provider = new PollingProvider(connection, walletOf(payer), { commitment: 'confirmed' });
    const method = new Program(of, provider).methods[instruction];
    if (method === undefined) throw new Error(`no instruction ${instruction}`);
    const limit = call.computeUnitLimit;
    return method(...(args ?? []))
      // Its types know of null only where they know the IDL.
      .accountsPartial((accounts ?? {}) as Record<string, PublicKey>)
      .remainingAccounts(remaining ?? [])
      .preInstructions(limit === undefined ? [] : [ComputeBudgetProgram.setComputeUnitLimit({ units: limit })])
      .signers(others);
  }

  /** Sends instructions that no client would build; the first signer pays. */
  async function sendRaw(instructions: TransactionInstruction[], signers: [Keypair, ...Keypair[]]): Promise<Landed> {
    const provider = new PollingProvider(connection, walletOf(signers[0]), { commitment: 'confirmed' });
    return landed(await provider.sendAndConfirm(new Transaction().add(...instructions), signers.slice(1)));
  }

  async function landed(signature: string): Promise<Landed> {
    const transaction = await transactionOf(signature);
    const { meta } = transaction;
    const logs = meta?.logMessages ?? [];
    const keys = transaction.transaction.message.getAccountKeys({
      accountKeysFromLookups: meta?.loadedAddresses ?? null,
    });
    const inner = (meta?.innerInstructions ?? []).flatMap(({ instructions }) =>
      instructions.map(({ programIdIndex, data }) => ({
        program: keys.get(programIdIndex)?.toBase58() ?? '',
        data: Buffer.from(bs58.decode(data)),
      })),
    );
    const logged = logs
      .filter((line) => line.startsWith(PROGRAM_DATA))
      .map((line) => decodeEvent('log', line.slice(PROGRAM_DATA.length)));
    const byCpi = inner
      .filter(({ program, data }) => program === idl.address && data.subarray(0, 8).equals(EVENT_TAG))
      .map(({ data }) => decodeEvent('self-cpi', data.subarray(EVENT_TAG.length).toString('base64')));
    return {
      signature,
      logs,
      logBytes: logs.reduce((sum, line) => sum + Buffer.byteLength(line), 0),
      computeUnits: meta?.computeUnitsConsumed ?? 0,
      wireBytes: transaction.transaction.message.serialize().length + 1 + 64 * transaction.transaction.signatures.length,
      events: [...logged, ...byCpi].filter((event) => event !== null),
      innerProgramIds: inner.map(({ program }) => program),
    };
  }

  function decodeEvent(by: EmittedEvent['by'], base64: string): EmittedEvent | null {
    const event = reader.coder.events.decode(base64);
    return event && { name: event.name, by, data: plain(event.data) as EmittedEvent['data'] };
  }

  async function transactionOf(signature: string) {
    await confirmed(connection, signature);
    const transaction = await connection.getTransaction(signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
    });
    if (transaction === null) throw new Error(`${signature} is confirmed but not found`);
    return transaction;
  }

  /** Fetched by Anchor; null if there is no such account. */
  async function fetch<Name extends keyof Accounts & string>(
    account: Name,
    address: PublicKey,
  ): Promise<Accounts[Name] | null> {
    const client = (reader.account as Record<string, AccountReader>)[account];
    if (client === undefined) throw new Error(`no account ${account}`);
    return plain(await client.fetchNullable(address)) as Accounts[Name] | null;
  }

  /** Moves the clock of a Surfnet. */
  async function travelTo(unixSeconds: bigint): Promise<void> {
    const response = await globalThis.fetch(connection.rpcEndpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'surfnet_timeTravel',
        params: [{ absoluteTimestamp: Number(unixSeconds) * 1000 }],
      }),
    });
    const { error } = (await response.json()) as { error?: { message: string } };
    if (error !== undefined) throw new Error(`surfnet_timeTravel: ${error.message}`);
  }

  async function now(): Promise<bigint> {
    const UNIX_TIMESTAMP_OFFSET = 32;
    const clock = await connection.getAccountInfo(new PublicKey('SysvarC1ock11111111111111111111111111111111'));
    if (clock === null) throw new Error('no clock');
    return clock.data.readBigInt64LE(UNIX_TIMESTAMP_OFFSET);
  }

  return {
    connection,
    wallet,
    sendRaw,
    fetch,
    travelTo,
    now,
    call,
    instruction: (instruction: string, of: Call) => methodsBuilder(instruction, of, idl).instruction(),
  };
}

/** Anchor's own waits for one WebSocket message, which a busy Surfnet was seen not to send. */
class PollingProvider extends AnchorProvider {
  override async sendAndConfirm(transaction: Transaction, signers: Signer[] = []): Promise<string> {
    transaction.feePayer ??= this.wallet.publicKey;
    transaction.recentBlockhash = (await this.connection.getLatestBlockhash('confirmed')).blockhash;
    for (const signer of signers) transaction.partialSign(signer);
    const signed = await this.wallet.signTransaction(transaction);
    const signature = await this.connection.sendRawTransaction(signed.serialize(), this.opts);
    await confirmed(this.connection, signature);
    return signature;
  }
}

async function confirmed(connection: Connection, signature: string): Promise<void> {
  for (;;) {
    const { value: status } = await connection.getSignatureStatus(signature);
    if (status?.err) throw new Error(`${signature} failed: ${JSON.stringify(status.err)}`);
    if (status && status.confirmationStatus !== 'processed') return;
    await new Promise((resolve) => setTimeout(resolve, STATUS_POLL_MS));
  }
}

/** The name of the error an instruction failed with, or the client's whole message if it is none of Anchor's. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof anchor.AnchorError) return error.error.errorCode.code;
    if (error instanceof Error) return error.message;
    throw error;
  }
}

export function u64(value: bigint | number): InstanceType<typeof BN> {
  return new BN(value.toString());
}

/** `seeds` are the parts of a derived address: texts, addresses, and numbers of 4 or 8 bytes. */
export function deriver(program: PublicKey) {
  return (...seeds: (string | PublicKey | Buffer)[]): PublicKey => {
    const parts = seeds.map((seed) =>
      typeof seed === 'string' ? Buffer.from(seed) : seed instanceof PublicKey ? seed.toBuffer() : seed,
    );
    return PublicKey.findProgramAddressSync(parts, program)[0];
  };
}

export function le(value: bigint, bytes: 4 | 8): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return buffer.subarray(0, bytes);
}

function walletOf(payer: Keypair) {
  return {
    payer,
    publicKey: payer.publicKey,
    signTransaction: async <T extends Transaction | VersionedTransaction>(transaction: T) => sign(transaction, payer),
    signAllTransactions: async <T extends Transaction | VersionedTransaction>(transactions: T[]) =>
      transactions.map((transaction) => sign(transaction, payer)),
  };
}

function sign<T extends Transaction | VersionedTransaction>(transaction: T, payer: Keypair): T {
  if ('version' in transaction) transaction.sign([payer]);
  else transaction.partialSign(payer);
  return transaction;
}

export function plain(value: unknown): Plain {
  if (value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return value as Plain;
  if (BN.isBN(value)) return BigInt(value.toString());
  if (value instanceof PublicKey) return value.toBase58();
  if (Array.isArray(value)) return value.map(plain);
  const entries = Object.entries(value as object);
  const [only] = entries;
  // Anchor decodes a variant without fields as `{ active: {} }`.
  if (entries.length === 1 && only !== undefined && isEmptyObject(only[1])) return only[0];
  return Object.fromEntries(entries.map(([field, of]) => [field, plain(of)]));
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

export function readIdl(name: string): Idl {
  return JSON.parse(readFileSync(new URL(`../../../idl/${name}.json`, import.meta.url), 'utf8')) as Idl;
}
