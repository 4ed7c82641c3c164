import { Router } from 'express';
import type { Command, CommandContext } from '../../domain-kit/command.js';
import type { TransactionPreparer } from '../../transactions/transaction-preparer.js';
import { apiKeyOf } from '../authenticate.js';
import { programProblem, statusPath } from '../command-answer.js';
import { readCommandRequest } from '../command-request.js';
import { preparedView } from '../prepared-view.js';
import { Problem } from '../problem.js';
import { refuseNonceLifetime } from '../request-validation.js';
import { planByChain } from '../transaction-plan.js';

export interface PrepareRouteDeps {
  readonly preparer: Pick<TransactionPreparer, 'prepare'>;
}

/** Beside every command: the same request, to be signed by a wallet. */
export function prepareRoutes(deps: PrepareRouteDeps, commands: readonly Command[], context: CommandContext): Router {
  const router = Router();
  const forWallets: CommandContext = { ...context, forWallets: true };
  for (const command of commands) {
    router.post(preparePath(command), async (request, response) => {
      refuseNonceLifetime(request);
      const { input, facts } = readCommandRequest(command, request);
      const outcome = await deps.preparer.prepare({
        ...facts,
        owner: apiKeyOf(response.locals).id,
        plan: () => planByChain(command, input, forWallets),
      });
      if (outcome.kind === 'key-reused') throw new Problem('idempotency-key-reused');
      if (outcome.kind === 'refused') throw programProblem(outcome.refusal, facts.races);
      const { transaction, repeated } = outcome;
      if (!transaction.prepared) throw new Error(`${transaction.id} was not prepared`);
      if (repeated) response.setHeader('Idempotency-Replayed', 'true');
      response.setHeader('Location', statusPath(transaction.id));
      response.status(201).json(preparedView(transaction, transaction.prepared, command));
    });
  }
  return router;
}

/** Where a command is prepared, below `/api`. */
export function preparePath({ path }: Pick<Command, 'path'>): string {
  return `${path}/prepare`;
}
