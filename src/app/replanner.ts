import { transactionPlan } from '../api/transaction-plan.js';
import type { Command, CommandContext } from '../domain-kit/command.js';
import { MooringError } from '../lib/errors.js';
import type { ManagedTransaction } from '../transactions/managed-transaction.js';
import type { Replanner } from '../transactions/replanner.js';

/** A command with the context of its module. */
export interface InstalledCommand {
  readonly command: Command;
  readonly context: CommandContext;
}

/** Plans stored requests by the commands that are installed here. */
export function createReplanner(installed: readonly InstalledCommand[]): Replanner {
  const byName = new Map(installed.map((entry) => [entry.command.name, entry]));

  const inputOf = (transaction: ManagedTransaction) => {
    const entry = byName.get(transaction.command);
    if (!entry) {
      // Not for good: a process that serves the program can do it.
      throw new Error(`This process has no command ${transaction.command}: serve the same PROGRAMS wherever keys are.`);
    }
    const { params, body } = JSON.parse(transaction.request) as { params: unknown; body: unknown };
    const input = { params: entry.command.params.parse(params), body: entry.command.body.parse(body) };
    return { ...entry, input };
  };

  return {
    plan: async (transaction, index) => {
      const { command, context, input } = inputOf(transaction);
      return transactionPlan(await command.build({ ...input, index } as never, context));
    },
    numbers: async (transaction) => {
      const { command, context, input } = inputOf(transaction);
      if (!command.numbers) throw new MooringError('conflict', `${command.name} takes no numbers any more.`);
      return command.numbers.read(input as never, context);
    },
  };
}
