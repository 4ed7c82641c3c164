import { RpcError } from '../chain/rpc-error.js';
import type { Clock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import type { AttemptMaker } from './attempt-maker.js';
import { withNumberGivenBack } from './give-back.js';
import { livingAttempts, type ManagedTransaction } from './managed-transaction.js';
import type { NumberTaker } from './number-taker.js';
import type { ProgramRefusal } from './program-refusal.js';
import type { Replanner, TransactionPlan } from './replanner.js';
import type { SignerNonces } from './signer-nonces.js';
import type { SignerWriter } from './signer-writer.js';
import { instructionFrom, storedInstruction } from './stored-instruction.js';
import { refused, signed } from './transaction-changes.js';

interface RequestSignerDeps {
  readonly writer: Pick<SignerWriter, 'change'>;
  readonly numbers: Pick<NumberTaker, 'take'>;
  readonly maker: Pick<AttemptMaker, 'make'>;
  readonly replanner: Pick<Replanner, 'plan'>;
  readonly clock: Clock;
  readonly nonces: Pick<SignerNonces, 'claim'>;
  readonly isTaken: (signature: string) => boolean;
}

/** Plans of one request that lose a race before it is refused; each takes as long as the chain takes for a read. */
const PLAN_TRIES = 5;
/** What won the race is confirmed by then. */
const RACE_MS = 250;

/** Takes a request from `pending` to signed and stored bytes, or to the chain's no before anything was signed. */
export class RequestSigner {
  constructor(private readonly deps: RequestSignerDeps) {}

  /**
   * The request as it is stored then. A plan that lost a race in the simulation is made again: nothing is signed yet, so that
   * this cannot have two effects (I9).
   * @throws RpcError when the chain cannot be asked; what the writer throws. Nothing was signed then.
   */
  async sign(transaction: ManagedTransaction): Promise<ManagedTransaction | null> {
    const { maker, numbers, clock, isTaken } = this.deps;
    let current = transaction;
    for (let plans = 1; ; plans++) {
      const plan = await this.#plan(current, plans > 1);
      if ('refusal' in plan) return this.#refuse(current, plan.refusal);
      const nonce = await this.#nonce(current);
      const made = await maker
        .make({ unsigned: plan, previous: current.attempts.at(-1), isTaken, ...nonce })
        .catch(refusedAsTooLarge);
      if (made.kind === 'attempt') return this.#store(current, plan, made.attempt);
      const raced = current.races.includes(made.refusal.name) && plans < PLAN_TRIES;
      if (!raced) return this.#refuse(current, made.refusal);
      await clock.sleep(RACE_MS);
      const again = current.counter === null ? current : await numbers.take(current, true);
      if (again?.state !== 'pending') return again;
      current = again;
    }
  }

  /**
   * One more version over the nonce of the one that is under way, which offers more: of the two only one can land (TRAPS 16).
   * The request as it is then; null when no more is to be offered, or its lifetime is a blockhash's.
   */
  async raise(transaction: ManagedTransaction): Promise<ManagedTransaction | null> {
    const { maker, writer, isTaken } = this.deps;
    const previous = livingAttempts(transaction).at(-1);
    if (previous?.lifetime.kind !== 'nonce') return null;
    const { instructions, signer: payer } = transaction;
    const unsigned = { instructions: instructions.map(instructionFrom), payer };
    const nonce = { ...previous.lifetime, authority: payer };
    const made = await maker.make({ unsigned, previous, isTaken, nonce });
    if (made.kind === 'refused' || made.attempt.fee.unitPrice <= previous.fee.unitPrice) return null;
    return writer.change({
      id: transaction.id,
      decide: (now) =>
        livingAttempts(now).at(-1)?.signature === previous.signature ? signed(now, made.attempt) : null,
    });
  }

  async #nonce(transaction: ManagedTransaction) {
    if (transaction.lifetime !== 'nonce') return {};
    const { address: account, ...nonce } = await this.deps.nonces.claim(transaction);
    return { nonce: { account, ...nonce } };
  }

  /** What was planned when the request came, as long as nothing shows that it has to be planned again. */
  async #plan(
    transaction: ManagedTransaction,
    anew: boolean,
  ): Promise<TransactionPlan | { readonly refusal: ProgramRefusal }> {
    const { instructions, signer, result, allocation } = transaction;
    if (!anew && instructions.length > 0 && result !== null) {
      return { instructions: instructions.map(instructionFrom), payer: signer, result };
    }
    try {
      return await this.deps.replanner.plan(transaction, allocation?.index ?? null);
    } catch (error) {
      if (error instanceof RpcError || !(error instanceof MooringError)) throw error;
      return { refusal: refusalOf(error) };
    }
  }

  #store(
    { id, attempts }: ManagedTransaction,
    plan: TransactionPlan,
    attempt: Parameters<typeof signed>[1],
  ): Promise<ManagedTransaction | null> {
    const planned = { instructions: plan.instructions.map(storedInstruction), result: plan.result };
    return this.deps.writer.change({
      id,
      decide: (now) =>
        now.state === 'pending' && now.attempts.length === attempts.length
          ? signed({ ...now, ...planned }, attempt)
          : null,
    });
  }

  #refuse({ id, counter }: ManagedTransaction, refusal: ProgramRefusal): Promise<ManagedTransaction | null> {
    return this.deps.writer.change({
      id,
      ...(counter === null ? {} : { counter }),
      decide: (now, row) => {
        const next = refused(now, refusal);
        return next && withNumberGivenBack(next, row);
      },
    });
  }
}

/** It was measured when it came; planned anew it can have grown, and waiting does not make it smaller. */
function refusedAsTooLarge(error: unknown): { readonly kind: 'refused'; readonly refusal: ProgramRefusal } {
  if (!(error instanceof MooringError) || error.code !== 'transaction-too-large') throw error;
  return { kind: 'refused', refusal: refusalOf(error) };
}

function refusalOf({ code: name, message }: MooringError): ProgramRefusal {
  return { stage: 'simulation', name, message, code: null, program: null };
}
