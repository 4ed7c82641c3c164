import type { Clock } from '../lib/clock.js';
import { signTransaction } from './compile-transaction.js';
import { newAttempt, type Attempt } from './managed-transaction.js';
import type { ProgramRefusal } from './program-refusal.js';
import { sameContent } from './same-content.js';
import type { Signers } from './signer.js';
import type { CompositionOrder, TransactionComposer } from './transaction-composer.js';

interface AttemptMakerDeps {
  readonly composer: Pick<TransactionComposer, 'compose'>;
  readonly signers: Signers;
  readonly clock: Clock;
}

/** What a version is made for. */
export interface AttemptOrder extends CompositionOrder {
  /** Whether another request has this signature already: the same bytes cannot stand for two. */
  readonly isTaken: (signature: string) => boolean;
}

/** A version, ready to be stored; or the chain's no, before anything was signed. */
export type MadeAttempt =
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'refused'; readonly refusal: ProgramRefusal };

/** Composes and signs with keys the server holds. Stores and sends nothing. */
export class AttemptMaker {
  constructor(private readonly deps: AttemptMakerDeps) {}

  /**
   * @throws RpcError when the chain cannot be asked; MooringError `transaction-too-large`, `signer-not-held`, `conflict`.
   */
  async make({ isTaken, ...order }: AttemptOrder): Promise<MadeAttempt> {
    const { composer, signers, clock } = this.deps;
    const composed = await composer.compose(order);
    if (composed.kind === 'refused') return composed;
    const signedAt = new Date(clock.now());
    for (let twin = 0; ; twin++) {
      const version = composed.version(twin);
      if (!version) throw sameContent();
      const signed = await signTransaction(version.transaction, signers);
      if (isTaken(signed.signature)) continue;
      return {
        kind: 'attempt',
        attempt: newAttempt({ ...signed, lifetime: composed.lifetime, fee: version.fee, signedAt }),
      };
    }
  }
}
