import { PublicKey } from '@solana/web3.js';
import { isOrphaned } from '../domain-kit/document-mark.js';
import type { StateModel } from '../domain-kit/model.js';
import { MooringError } from '../lib/errors.js';
import { applyRemedies } from '../reconcile/apply-remedies.js';
import { awaitRepairs } from '../reconcile/await-repairs.js';
import type { DocumentDifference } from '../reconcile/audit-report.js';
import { compareAccounts, compareWithRecords } from '../reconcile/first-sight.js';
import { judgeDoubts, type Doubt } from '../reconcile/judge-doubts.js';
import { mirroredFields } from '../reconcile/mirrored-fields.js';
import { inTransaction } from '../store/transactions.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { standIn } from './stand-in.js';

/** How long the ledger may take to catch up with the account, in milliseconds: finality, and a sweep. */
const LEDGER_PATIENCE_MS = 60_000;
/** How long whoever projects may take to put the document right, in milliseconds. */
const REPAIR_PATIENCE_MS = 30_000;

/** What became of one account's document. */
export interface SyncedAccount {
  readonly address: string;
  readonly program: string;
  /**
   * equal: it was what the chain says. synced: it is now. marked: there is no account (any more), and the document is
   * marked as orphaned. pending: it will be put right by whoever projects, which did not happen yet. unsettled: it kept
   * changing. unreadable: its account cannot be read by the IDL and its handler, so nothing is known. unknown: neither the
   * chain nor the database knows anything of it.
   */
  readonly outcome: 'equal' | 'synced' | 'marked' | 'pending' | 'unsettled' | 'unreadable' | 'unknown';
  readonly collection: string | null;
  readonly difference: DocumentDifference | null;
  /** The finalized slot it was read at. */
  readonly slot: number;
}

/**
 * Brings the document of one account to what the chain says at finalized. Where nobody holds the program's lease, this
 * process does meanwhile.
 * @throws MooringError `bad-address`; RpcError
 */
export async function syncAccount(
  foundation: Foundation,
  { module, codec }: InstalledModule,
  address: string,
): Promise<SyncedAccount> {
  assertAddress(address);
  const { mongo, pool, machine } = foundation;
  const { clock } = machine;
  const { db } = mongo;
  const mirrored = mirroredFields(module, codec);
  const { chain, members } = pool;
  const substitute = standIn(foundation, { module, codec });
  try {
    const { contextSlot, accounts } = await chain.accounts([address], 'finalized');
    const page = { slot: contextSlot, accounts: new Map([[address, accounts[0] ?? null]]) };
    const about = { address, program: module.name, slot: page.slot };
    const doubts: Doubt[] = [];
    const known: StateModel[] = [];
    let isMarked = false;
    for (const model of mirrored.keys()) {
      const documents = await db
        .collection(model.collection)
        .find({ [model.keyField]: address }, { projection: { _mooring: 1 } })
        .toArray();
      if (documents.length > 0) known.push(model);
      // A duplicate beside the account's own document says nothing of it.
      if (documents.length > 0 && documents.every(isOrphaned)) isMarked = true;
    }
    // What the account is, and whatever has a document at its address.
    const first = await compareAccounts(db, module, codec, page);
    doubts.push(...first.doubts);
    for (const model of known) {
      doubts.push(...(await compareAccounts(db, module, codec, page, model)).doubts);
      doubts.push(...(await compareWithRecords(db, module, model, [address])));
    }
    const distinct = [...new Map(doubts.map((doubt) => [doubt.model, doubt])).values()];
    const collection = distinct[0]?.model.collection ?? known[0]?.collection ?? null;
    if (first.unreadable.length > 0) return { ...about, outcome: 'unreadable', collection, difference: null };
    if (distinct.length === 0) {
      const outcome = collection === null ? 'unknown' : isMarked ? 'marked' : 'equal';
      return { ...about, outcome, collection, difference: null };
    }
    const judging = { db, chain, clock, patienceMs: LEDGER_PATIENCE_MS };
    const { judged, unsettled } = await judgeDoubts(judging, module, codec, mirrored, distinct);
    const wrong = judged.filter(({ difference }) => difference !== null);
    const difference = wrong[0]?.difference ?? null;
    if (wrong.length === 0) {
      const outcome = unsettled.length > 0 ? 'unsettled' : isMarked ? 'marked' : 'equal';
      return { ...about, outcome, collection, difference };
    }
    const applied = await applyRemedies(
      {
        db,
        clock,
        members,
        run: 'sync-account',
        mayMarkFacts: false,
        commit: (body) => inTransaction(db.client, body),
      },
      module,
      codec,
      wrong,
    );
    if (applied.asked.length === 0) {
      return { ...about, outcome: applied.marked.length > 0 ? 'marked' : 'unsettled', collection, difference };
    }
    await awaitRepairs({ db, clock }, module.name, page.slot, REPAIR_PATIENCE_MS);
    const again = await judgeDoubts({ ...judging, patienceMs: 0 }, module, codec, mirrored, applied.asked);
    const isRight = again.unsettled.length === 0 && again.judged.every((one) => one.difference === null);
    return { ...about, outcome: isRight ? 'synced' : 'pending', collection, difference };
  } finally {
    await substitute.stop();
  }
}

function assertAddress(address: string): void {
  try {
    new PublicKey(address);
  } catch {
    throw new MooringError(
      'bad-address',
      `${JSON.stringify(address)} is no account address: it has to be base58 of 32 bytes.`,
    );
  }
}
