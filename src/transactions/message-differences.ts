import { VersionedMessage } from '@solana/web3.js';

/** One thing that is not as it was prepared. */
export interface MessageDifference {
  /** `payer`, `blockhash`, `instructions`, `instruction 2 data`, `accounts`, `version`, `encoding`. */
  readonly part: string;
  readonly prepared: unknown;
  readonly submitted: unknown;
}

/** A message in words, accounts by address. */
interface ReadMessage {
  readonly version: string | number;
  readonly payer: string;
  readonly blockhash: string;
  /** Every account with what the transaction may do with it. */
  readonly accounts: readonly string[];
  readonly instructions: readonly {
    readonly program: string;
    readonly accounts: readonly string[];
    readonly data: string;
  }[];
}

/**
 * What the submitted message says that the prepared one did not. Empty only when the two are the same to the byte; the
 * words are for whoever has to find out what changed it.
 */
export function messageDifferences(prepared: Uint8Array, submitted: Uint8Array): readonly MessageDifference[] {
  if (Buffer.compare(prepared, submitted) === 0) return [];
  const [before, after] = [read(prepared), read(submitted)];
  const found = before && after ? compare(before, after) : [];
  if (found.length > 0) return found;
  // The same things in another order, or nothing that can be read at all.
  return [{ part: 'encoding', prepared: hex(prepared), submitted: hex(submitted) }];
}

function compare(before: ReadMessage, after: ReadMessage): MessageDifference[] {
  const programs = ({ instructions }: ReadMessage) => instructions.map(({ program }) => program);
  const rows: [part: string, prepared: unknown, submitted: unknown][] = [
    ['version', before.version, after.version],
    ['payer', before.payer, after.payer],
    ['blockhash', before.blockhash, after.blockhash],
    ['instructions', programs(before), programs(after)],
  ];
  const found = rows.flatMap(difference);
  // With another instruction among them each one would be compared with its neighbour.
  if (found.some(({ part }) => part === 'instructions')) return found;
  const inside = before.instructions.flatMap((instruction, index) => {
    const other = after.instructions[index];
    const name = `instruction ${index + 1}`;
    return [
      ...difference([`${name} accounts`, instruction.accounts, other?.accounts]),
      ...difference([`${name} data`, instruction.data, other?.data]),
    ];
  });
  return [...found, ...inside, ...difference(['accounts', before.accounts, after.accounts])];
}

function difference([part, prepared, submitted]: [string, unknown, unknown]): MessageDifference[] {
  return JSON.stringify(prepared) === JSON.stringify(submitted) ? [] : [{ part, prepared, submitted }];
}

/** Null for what is no message. */
function read(bytes: Uint8Array): ReadMessage | null {
  try {
    const message = VersionedMessage.deserialize(bytes);
    const keys = message.staticAccountKeys.map((key) => key.toBase58());
    // What a lookup table brings in has no address here.
    const at = (index: number) => keys[index] ?? `account ${index}`;
    return {
      version: message.version,
      payer: at(0),
      blockhash: message.recentBlockhash,
      accounts: keys.map((key, index) =>
        [
          key,
          ...(message.isAccountSigner(index) ? ['signs'] : []),
          ...(message.isAccountWritable(index) ? ['is written to'] : []),
        ].join(' '),
      ),
      instructions: message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
        program: at(programIdIndex),
        accounts: accountKeyIndexes.map(at),
        data: hex(data),
      })),
    };
  } catch {
    return null;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
