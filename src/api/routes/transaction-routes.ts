import { Router } from 'express';
import { z } from 'zod';
import type { Command } from '../../domain-kit/command.js';
import type { ManagedTransaction } from '../../transactions/managed-transaction.js';
import type { TransactionSubmitter } from '../../transactions/transaction-submitter.js';
import type { WalletOutcome, WalletSubmitter } from '../../transactions/wallet-submitter.js';
import { answerWrite } from '../answer-write.js';
import { apiKeyOf } from '../authenticate.js';
import { transactionFacts } from '../command-answer.js';
import type { WriteTiming } from '../prefer.js';
import { Problem } from '../problem.js';
import { jsonBody, validated } from '../request-validation.js';
import { settleWrite, type WriteReaderDeps } from '../settle-write.js';

export interface TransactionRouteDeps extends WriteReaderDeps {
  readonly submitter: Pick<TransactionSubmitter, 'look'>;
  readonly walletSubmitter: Pick<WalletSubmitter, 'submit'>;
  readonly timing: WriteTiming;
}

/** A status question may wait this long for news before it answers with what is known. */
const LOOK_MS = 2_000;

/** What a wallet signed, as it is submitted. */
export const submissionSchema = z.strictObject({
  transaction: z
    .string({ error: 'must be a text' })
    .refine(isBase64, 'must be the signed transaction in base64')
    .meta({ description: 'The prepared transaction with the signatures of the wallets, in base64' }),
  id: z
    .string({ error: 'must be a text' })
    .optional()
    .meta({ description: '`id` as it was prepared with; left out: it is found by what it says' }),
});

/** How a write stands, and the way in for what wallets have signed. */
export function transactionRoutes(deps: TransactionRouteDeps, commands: readonly Command[]): Router {
  const router = Router();
  const byName = new Map(commands.map((command) => [command.name, command]));
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
  router.post('/transactions', async (request, response) => {
    const { transaction, id } = validated(submissionSchema, jsonBody(request));
    const owner = apiKeyOf(response.locals).id;
    const wire = new Uint8Array(Buffer.from(transaction, 'base64'));
    const outcome = await deps.walletSubmitter.submit({ owner, id, wire }, deps.timing.chainMs);
    if (outcome.kind !== 'current') throw submissionProblem(outcome);
    await answerWrite(deps, response, byName.get(outcome.transaction.command), outcome);
  });
  return router;
}

function submissionProblem(outcome: Exclude<WalletOutcome, { kind: 'current' }>): Problem {
  switch (outcome.kind) {
    case 'unreadable': {
      const message = 'is no transaction: signatures and a message, without a byte more or less';
      return new Problem('invalid-request', 'Not valid: transaction.', { errors: [{ field: 'transaction', message }] });
    }
    case 'unknown':
      return new Problem('not-prepared');
    case 'changed': {
      const { id, differences } = outcome;
      const parts = differences.map(({ part }) => part).join(', ');
      return new Problem('transaction-changed', `Not as it was prepared: ${parts}.`, { transaction: id, differences });
    }
    case 'unsigned': {
      const { id, missing, wrong } = outcome;
      const detail = [
        ...(missing.length > 0 ? [`Not signed by ${missing.join(', ')}.`] : []),
        ...(wrong.length > 0 ? [`Not the signature of ${wrong.join(', ')}.`] : []),
      ].join(' ');
      return new Problem('signatures-incomplete', detail, { transaction: id, missing, wrong });
    }
  }
}

/** Node's decoder skips what is no base64. */
function isBase64(text: string): boolean {
  return text.length > 0 && Buffer.from(text, 'base64').toString('base64') === text;
}

/** A request and what was done for it, without the bytes. */
export function transactionView(transaction: ManagedTransaction): Record<string, unknown> {
  const { command, signer, wish, refusal, attempts, createdAt, updatedAt } = transaction;
  return {
    ...transactionFacts(transaction),
    ...{ command, signer, wish },
    programError: refusal,
    attempts: attempts.map(({ wire: _wire, ...attempt }) => attempt),
    createdAt,
    updatedAt,
  };
}

/** Also for one of somebody else's. */
export function noTransaction(id: string): Problem {
  return new Problem('not-found', `There is no transaction ${id} of this API key.`);
}
