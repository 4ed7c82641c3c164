import { z } from 'zod';
import { transactionPlan } from '../../../src/api/transaction-plan.js';
import { defineCommand, type Command, type CommandContext, type CommandPlan } from '../../../src/domain-kit/command.js';
import type { DomainRoutes } from '../../../src/domain-kit/routes.js';
import type { Lifetime } from '../../../src/transactions/managed-transaction.js';
import type { SubmitRequest } from '../../../src/transactions/transaction-submitter.js';
import { instructionOf, rowAddress, rowsModule, type Action } from './sim-program.js';

/** What a client asks for. */
export const requestBody = z.strictObject({
  signer: z.string(),
  row: z.number(),
  /** Names the intent: two requests with the same one are the same to the byte. */
  tag: z.string(),
});
export type RequestBody = z.infer<typeof requestBody>;

/** The kinds of requests: plain ones, with a condition, with a number of their own, and one after another. */
export const KINDS = ['note', 'write', 'take', 'next'] as const;
export type Kind = (typeof KINDS)[number];

interface RowAccount {
  readonly next: bigint;
  readonly serial: bigint;
}

function planOf({ signer, row, tag }: RequestBody, action: Action): CommandPlan {
  const address = rowAddress(row);
  return {
    instructions: [instructionOf(address, signer, BigInt(tag), action)],
    ...{ signers: [signer], address, addresses: { row: address }, documents: [] },
  };
}

async function readRow(context: CommandContext, row: number): Promise<RowAccount> {
  const account = (await context.account('Row', rowAddress(row))) as RowAccount | null;
  return account ?? { next: 0n, serial: 0n };
}

const form = { method: 'post', summary: '', params: z.object({}), body: requestBody } as const;

export const COMMANDS: Readonly<Record<Kind, Command>> = {
  note: defineCommand({
    ...{ ...form, name: 'rows.note', path: '/notes' },
    build: async ({ body }) => planOf(body, { kind: 'note' }),
  }),
  write: defineCommand({
    ...{ ...form, name: 'rows.write', path: '/writes' },
    build: async ({ body }) => planOf(body, { kind: 'write' }),
  }),
  take: defineCommand({
    ...{ ...form, name: 'rows.take', path: '/takes' },
    races: () => ['NumberTaken'],
    numbers: {
      row: ({ body }) => `row/${body.row}`,
      read: async ({ body }, context) => ({ floor: 0n, next: (await readRow(context, body.row)).next }),
    },
    build: async ({ body, index }) => {
      if (index === null) throw new Error('no number was taken');
      return planOf(body, { kind: 'take', number: index });
    },
  }),
  next: defineCommand({
    ...{ ...form, name: 'rows.next', path: '/nexts' },
    races: () => ['WrongSerial'],
    turn: ({ row }) => `row/${row}`,
    build: async ({ body }, context) => {
      return planOf(body, { kind: 'next', number: (await readRow(context, body.row)).serial });
    },
  }),
};

/** The simulated program as a process has it installed. */
export const rowsRoutes: DomainRoutes = {
  ...{ module: rowsModule, reads: [], commands: Object.values(COMMANDS), actions: [] },
};

/** A request as a client makes it. */
export interface Asked {
  readonly key: string;
  readonly kind: Kind;
  readonly body: RequestBody;
  readonly lifetime: Lifetime['kind'];
}

/** A client's wish as the API hands it on (src/api/routes/command-routes.ts). */
export function submitRequest({ kind, key, body, lifetime }: Asked, context: CommandContext): SubmitRequest {
  const command = COMMANDS[kind];
  const input = { params: {}, body } as never;
  const counter = command.numbers?.row(input, context);
  return {
    ...{ owner: 'client', key, command: command.name, lifetime, identity: { params: {}, body } },
    plan: async () => {
      const index = counter === undefined ? null : ((await command.numbers?.read(input, context))?.next ?? null);
      return transactionPlan(await command.build({ params: {}, body, index } as never, context));
    },
    races: command.races(body as never),
    turn: command.turn(body as never, context),
    counter,
  };
}
