import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { isAddress } from '../domain-kit/command-fields.js';
import { THAT_ARE_ORPHANED, THAT_COUNT } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Clock } from '../lib/clock.js';
import { auditAgainstChain } from './audit-chain.js';
import { auditAgainstLedger } from './audit-ledger.js';
import { countForAudit, type AuditProgress } from './audit-progress.js';
import {
  auditReport,
  type AuditReport,
  type DocumentDifference,
  type DocumentName,
  type Finding,
  type UnreadableAccount,
} from './audit-report.js';
import { auditSettled } from './audit-settled.js';
import { mergeFindings } from './merge-findings.js';
import { settleDifferences, type Doubt } from './settle-differences.js';

interface AuditDependencies {
  readonly db: mongo.Db;
  readonly chain: Pick<ChainPort, 'programAccounts' | 'accounts' | 'signaturesFor'>;
  readonly clock: Clock;
  readonly onProgress?: (progress: AuditProgress) => void;
}

/**
 * Proves, or disproves, that the documents are what the chain's accounts and the ledger's records say. Under live
 * traffic a document may lawfully lag for a moment: what differs at first sight is looked at again until it is found
 * equal, or nothing that is on its way can explain it. What keeps changing is reported as unsettled, not as wrong.
 * @throws RpcError when the chain does not answer.
 */
export async function audit(
  { db, chain, clock, onProgress }: AuditDependencies,
  modules: readonly { readonly module: DomainModule; readonly codec: ProgramCodec }[],
): Promise<AuditReport> {
  let documents = 0;
  const differences: DocumentDifference[] = [];
  const unsettled: DocumentName[] = [];
  const unreadable: UnreadableAccount[] = [];
  const notMirrored: string[] = [];
  let marked = 0;
  const total = onProgress ? await countForAudit(db, modules) : 0;
  let done = 0;
  const show = (module: DomainModule, detail: string) =>
    onProgress?.({ done, total, detail: `${module.name}: ${detail}` });
  for (const { module, codec } of modules) {
    show(module, 'reading the accounts on chain');
    const byChain = await auditAgainstChain(db, chain, module, codec);
    documents += byChain.documents;
    notMirrored.push(...byChain.notMirrored);
    unreadable.push(...[...byChain.unreadable].map((address) => ({ program: module.name, address })));
    for (const model of module.models) {
      if (model.kind === 'fact') documents += await db.collection(model.collection).countDocuments(THAT_COUNT);
    }
    for (const { collection } of module.models) {
      marked += await db.collection(collection).countDocuments(THAT_ARE_ORPHANED);
    }
    const atFirstSight = [
      ...byChain.findings,
      ...(await auditAgainstLedger(db, module, (looked) => {
        done += looked;
        show(module, 'comparing with the ledger');
      })),
      ...(await auditSettled(db, module)),
    ];
    const doubts = new Map<string, Doubt>();
    const strangers = new Map<string, Finding>();
    for (const { collection, key } of atFirstSight) {
      const model = module.models.find((one) => one.collection === collection);
      if (byChain.mirrored.has(collection) && byChain.unreadable.has(key)) continue;
      // No account can ever be at what is no address: there is nothing to look at again.
      if (byChain.mirrored.has(collection) && !isAddress(key)) {
        const about = {
          program: module.name,
          collection,
          key,
          kind: 'orphaned',
          fields: [],
          witness: 'chain',
        } as const;
        strangers.set(`${collection}/${key}`, about);
      } else if (model) doubts.set(`${collection}/${key}`, { model, key });
    }
    if (doubts.size > 0) show(module, `looking again at ${doubts.size} that differ`);
    const settled = await settleDifferences({ db, chain, clock }, module, codec, [...doubts.values()], (model) =>
      byChain.mirrored.has(model.collection),
    );
    differences.push(...mergeFindings([...settled.findings, ...strangers.values()], byChain.mirrored));
    unsettled.push(
      ...settled.unsettled.map(({ model, key }) => ({ program: module.name, collection: model.collection, key })),
    );
  }
  return auditReport(documents, differences, { unsettled, unreadable, notMirrored, marked });
}
