import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Clock } from '../lib/clock.js';
import { auditAgainstChain } from './audit-chain.js';
import { auditAgainstLedger } from './audit-ledger.js';
import { auditReport, persisting, type AuditReport, type DocumentDifference } from './audit-report.js';
import { auditSettled } from './audit-settled.js';
import { mergeFindings } from './merge-findings.js';

/** How often a difference is looked at before it counts, and how long in between, in milliseconds. */
const LOOKS = 4;
const BETWEEN_LOOKS_MS = 1_000;

interface AuditDependencies {
  readonly db: mongo.Db;
  readonly chain: Pick<ChainPort, 'programAccounts'>;
  readonly clock: Clock;
}

/**
 * Proves, or disproves, that the documents are what the chain's accounts and the ledger's records say. Under live
 * traffic a document may lawfully lag for a moment: only a difference that every look finds is one.
 */
export async function audit(
  { db, chain, clock }: AuditDependencies,
  modules: readonly { readonly module: DomainModule; readonly codec: ProgramCodec }[],
): Promise<AuditReport> {
  let documents = 0;
  let differences: readonly DocumentDifference[] | null = null;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await clock.sleep(BETWEEN_LOOKS_MS);
    documents = 0;
    const found: DocumentDifference[] = [];
    for (const { module, codec } of modules) {
      const byChain = await auditAgainstChain(db, chain, module, codec);
      const byLedger = await auditAgainstLedger(db, module);
      const findings = [...byChain.findings, ...byLedger, ...(await auditSettled(db, module))];
      found.push(...mergeFindings(findings, byChain.mirrored));
      for (const model of module.models) {
        if (model.kind === 'fact') documents += await db.collection(model.collection).countDocuments();
      }
      documents += byChain.documents;
    }
    differences = differences === null ? found : persisting(differences, found);
    if (differences.length === 0) break;
  }
  return auditReport(documents, differences ?? []);
}
