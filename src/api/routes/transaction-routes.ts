import { Router } from 'express';
import type { ManagedTransaction } from '../../transactions/managed-transaction.js';
import type { TransactionSubmitter } from '../../transactions/transaction-submitter.js';
import { apiKeyOf } from '../authenticate.js';
import { transactionFacts } from '../command-answer.js';
import { Problem } from '../problem.js';
import { settleWrite, type WriteReaderDeps } from '../settle-write.js';

export interface TransactionRouteDeps extends WriteReaderDeps {
  readonly submitter: Pick<TransactionSubmitter, 'look'>;
}

/** A status question may wait this long for news before it answers with what is known. */
const LOOK_MS = 2_000;

/** How a write stands. Asking also takes up the search for a transaction that nobody follows any more. */
export function transactionRoutes(deps: TransactionRouteDeps): Router {
  const router = Router();
  router.get('/transactions/:id', async (request, response) => {
    const { id } = request.params;
    // Somebody else's key is told the same as if there were none.
    if (!id.startsWith(`${apiKeyOf(response.locals).id}:`)) throw noTransaction(id);
    const transaction = await deps.submitter.look(id, LOOK_MS);
    if (!transaction) throw noTransaction(id);
    const state = await settleWrite(deps, transaction, LOOK_MS);
    response.json({
      ...transactionView(transaction),
      readable: state.kind === 'readable',
      documents: state.kind === 'readable' ? state.documents : [],
    });
  });
  return router;
}

/** A request and what was done for it, without the bytes. */
function transactionView(transaction: ManagedTransaction): Record<string, unknown> {
  const { command, refusal, attempts, createdAt, updatedAt } = transaction;
  return {
    ...transactionFacts(transaction),
    command,
    programError: refusal,
    attempts: attempts.map(({ signature, blockhash, lastValidBlockHeight, signedAt, firstSentAt }) => ({
      signature,
      blockhash,
      lastValidBlockHeight,
      signedAt,
      firstSentAt,
    })),
    createdAt,
    updatedAt,
  };
}

function noTransaction(id: string): Problem {
  return new Problem('not-found', `There is no transaction ${id} of this API key.`);
}
