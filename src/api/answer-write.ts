import type { Response } from 'express';
import type { Command } from '../domain-kit/command.js';
import type { ManagedTransaction } from '../transactions/managed-transaction.js';
import { commandAnswer, refusalProblem } from './command-answer.js';
import type { WriteTiming } from './prefer.js';
import { settleWrite, type WriteReaderDeps } from './settle-write.js';

/** Answers a write by how its transaction stands, whoever signed it. @throws Problem when the chain said no. */
export async function answerWrite(
  deps: WriteReaderDeps & { readonly timing: WriteTiming },
  response: Response,
  command: Command | undefined,
  { transaction, repeated }: { readonly transaction: ManagedTransaction; readonly repeated: boolean },
): Promise<void> {
  if (repeated) response.setHeader('Idempotency-Replayed', 'true');
  const problem = refusalProblem(transaction);
  if (problem) throw problem;
  const state = await settleWrite(deps, transaction, deps.timing.documentsMs);
  const answer = commandAnswer(transaction, state, createdPath(command, transaction));
  if (answer.location !== undefined) response.setHeader('Location', answer.location);
  response.status(answer.status).json(answer.body);
}

/** A POST to a collection makes a member of it; one below a member changes that. */
function createdPath(command: Command | undefined, { result }: ManagedTransaction): string | undefined {
  const document = result?.documents[0];
  if (command?.method !== 'post' || command.path.includes(':') || !document) return undefined;
  return `/api/${document.collection}/${document.key}`;
}
