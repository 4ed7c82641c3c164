import type { Command, CommandContext, CommandPlan } from '../domain-kit/command.js';
import type { TransactionPlan } from '../transactions/replanner.js';

/** A command's plan as managed transactions know it. */
export function transactionPlan({
  instructions,
  signers,
  address,
  addresses,
  documents,
}: CommandPlan): TransactionPlan {
  return {
    instructions,
    payer: signers[0],
    result: {
      address,
      addresses,
      documents: documents.map(({ model, key }) => ({ collection: model.collection, key })),
    },
  };
}

/** A plan by what the chain has now: where a number is needed it is the next one there, which nobody has taken for it. */
export async function planByChain(
  command: Command,
  input: { readonly params: unknown; readonly body: unknown },
  context: CommandContext,
): Promise<TransactionPlan> {
  const { row, read } = command.numbers ?? {};
  const isNumbered = row?.(input as never, context) !== undefined;
  const index = isNumbered ? ((await read?.(input as never, context))?.next ?? null) : null;
  return transactionPlan(await command.build({ ...input, index } as never, context));
}
