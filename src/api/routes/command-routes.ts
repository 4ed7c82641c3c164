import { Router, type Request } from 'express';
import type { Command, CommandContext, CommandPlan } from '../../domain-kit/command.js';
import type { Turns } from '../../lib/turns.js';
import type { TransactionPlan, TransactionSubmitter } from '../../transactions/transaction-submitter.js';
import { apiKeyOf } from '../authenticate.js';
import { commandAnswer, refusalProblem } from '../command-answer.js';
import { Problem } from '../problem.js';
import { idempotencyKey, jsonBody, validated } from '../request-validation.js';
import { settleWrite, type WriteReaderDeps } from '../settle-write.js';

/** How long a write waits before it answers 202, in milliseconds. */
export interface WriteTiming {
  readonly chainMs: number;
  readonly documentsMs: number;
}

export interface CommandRouteDeps extends WriteReaderDeps {
  readonly submitter: Pick<TransactionSubmitter, 'submit'>;
  readonly timing: WriteTiming;
  readonly turns: Turns;
}

/** A route for every command: chain first, then its events, then the answer with the documents. */
export function commandRoutes(deps: CommandRouteDeps, commands: readonly Command[], context: CommandContext): Router {
  const router = Router();
  for (const command of commands) {
    router[command.method](command.path, async (request, response) => {
      const params = validated(command.params, request.params);
      const rawBody = jsonBody(request);
      const body = validated(command.body, rawBody);
      const key = idempotencyKey(request);
      const races = command.races(body as never);
      const submit = () =>
        deps.submitter.submit(
          {
            owner: apiKeyOf(response.locals).id,
            ...(key === undefined ? {} : { key }),
            command: command.name,
            // As it was sent: a default that changes between releases does not make it another request.
            identity: { params, body: rawBody },
            plan: async () => planOf(await command.build({ params, body } as never, context)),
            races,
          },
          deps.timing.chainMs,
        );
      const outcome = await inTurn(deps, command.turn(body as never, context), submit);
      if (outcome.kind === 'key-reused') throw new Problem('idempotency-key-reused');
      const { transaction, repeated } = outcome;
      if (repeated) response.setHeader('Idempotency-Replayed', 'true');
      const problem = refusalProblem(transaction, races);
      if (problem) throw problem;
      const state = await settleWrite(deps, transaction, deps.timing.documentsMs);
      const answer = commandAnswer(transaction, state, createdPath(command, request, transaction.result?.documents[0]));
      if (answer.location !== undefined) response.setHeader('Location', answer.location);
      response.status(answer.status).json(answer.body);
    });
  }
  return router;
}

/** Waits for those that would choose the same number; other processes are not waited for, their races are. */
async function inTurn<T>({ turns, timing }: CommandRouteDeps, turn: string | undefined, submit: () => Promise<T>) {
  if (turn === undefined) return submit();
  const giveBack = await turns.take(turn, timing.chainMs);
  if (!giveBack) throw new Problem('raced', 'Too many others were faster. Nothing was sent; repeat the request.');
  try {
    return await submit();
  } finally {
    giveBack();
  }
}

function planOf(plan: CommandPlan): TransactionPlan {
  return {
    instructions: plan.instructions,
    payer: plan.signers[0],
    result: {
      address: plan.address,
      addresses: plan.addresses,
      documents: plan.documents.map(({ model, key }) => ({ collection: model.collection, key })),
    },
  };
}

/** A POST to a collection makes a member of it; one below a member changes that. */
function createdPath(
  command: Command,
  request: Request,
  document: { readonly collection: string; readonly key: string } | undefined,
): string | undefined {
  if (command.method !== 'post' || command.path.includes(':') || !document) return undefined;
  return `${request.baseUrl}/${document.collection}/${document.key}`;
}
