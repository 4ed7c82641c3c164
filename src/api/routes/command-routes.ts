import { Router } from 'express';
import type { Command, CommandContext } from '../../domain-kit/command.js';
import type { TransactionSubmitter } from '../../transactions/transaction-submitter.js';
import { answerWrite } from '../answer-write.js';
import { apiKeyOf } from '../authenticate.js';
import { readCommandRequest } from '../command-request.js';
import { preferredTiming, type WriteTiming } from '../prefer.js';
import { Problem } from '../problem.js';
import { lifetimeOf } from '../request-validation.js';
import type { WriteReaderDeps } from '../settle-write.js';
import { planByChain } from '../transaction-plan.js';

export interface CommandRouteDeps extends WriteReaderDeps {
  readonly submitter: Pick<TransactionSubmitter, 'submit'>;
  readonly timing: WriteTiming;
}

/** A route for every command: chain first, then its events, then the answer with the documents. */
export function commandRoutes(deps: CommandRouteDeps, commands: readonly Command[], context: CommandContext): Router {
  const router = Router();
  for (const command of commands) {
    router[command.method](command.path, async (request, response) => {
      const { input, facts } = readCommandRequest(command, request);
      const lifetime = lifetimeOf(request);
      const timing = preferredTiming(request, response, deps.timing);
      const outcome = await deps.submitter.submit(
        {
          ...facts,
          owner: apiKeyOf(response.locals).id,
          // Its number is taken later; this plan shows whether any can be.
          plan: () => planByChain(command, input, context),
          turn: command.turn(input.body as never, context),
          counter: command.numbers?.row(input as never, context),
          ...(lifetime === undefined ? {} : { lifetime }),
        },
        timing.chainMs,
      );
      if (outcome.kind === 'key-reused') throw new Problem('idempotency-key-reused');
      await answerWrite({ ...deps, timing }, response, command, outcome);
    });
  }
  return router;
}
