/** One invariant's code, broken on purpose. */
export interface Breakage {
  readonly name: string;
  readonly invariant: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly code: string;
  readonly broken: string;
  /** Test files that ought to notice, should the simulation not. */
  readonly tests: readonly string[];
}

const CORE = 'test/integration/core';

/** Each is a mistake that somebody could make in good faith. */
export const BREAKAGES: readonly Breakage[] = [
  {
    name: 'the slot is part of an event id',
    invariant: 'I1',
    file: 'src/decoding/decode-transaction.ts',
    code: 'id: `${signature}/${channel}/${ordinal}`',
    broken: 'id: `${signature}/${channel}/${ordinal}/${observed.slot}`',
    tests: ['test/unit/decoding/decode-transaction.test.ts'],
  },
  {
    name: 'a second version of an event is taken for a copy',
    invariant: 'I1',
    file: 'src/ledger/append-records.ts',
    code: 'else disputed.add(record.signature);',
    broken: 'else seen.push(record._id);',
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'a transaction without events in one slot is never looked at in another',
    invariant: 'I1',
    file: 'src/pipeline/ingest.ts',
    code: 'this.#eventless.get(signature) !== slot',
    broken: 'this.#eventless.get(signature) === undefined',
    tests: [`${CORE}/ingest.test.ts`],
  },
  {
    name: 'the applied mark is written outside of the transaction of the documents',
    invariant: 'I2',
    file: 'src/ledger/mark-records.ts',
    code: `    { $set: { state: 'applied', appliedAt: now, error: null, nextAttemptAt: null } },
    { session },`,
    broken: `    { $set: { state: 'applied', appliedAt: now, error: null, nextAttemptAt: null } },`,
    tests: [`${CORE}/atomicity.test.ts`],
  },
  {
    name: 'an older record is put on top of a newer document',
    invariant: 'I6',
    file: 'src/pipeline/project.ts',
    code: '|| !areAllNewer(target.steps, before.at)',
    broken: '',
    tests: [`${CORE}/convergence.test.ts`],
  },
  {
    name: 'an older record is skipped where the document is newer (whole-document guard)',
    invariant: 'I6',
    file: 'src/pipeline/project.ts',
    code: `      if (!before || before.at === null || !areAllNewer(target.steps, before.at)) target.refold = true;`,
    broken: `      if (!before || before.at === null) target.refold = true;
      else if (!areAllNewer(target.steps, before.at)) {
        const newer = target.steps.filter((step) => areAllNewer([step], before.at ?? ''));
        target.steps.splice(0, target.steps.length, ...newer);
      }`,
    tests: [`${CORE}/convergence.test.ts`],
  },
  {
    name: 'a fold takes in what a fork dropped',
    invariant: 'I6',
    file: 'src/ledger/read-records.ts',
    code: `touches: { $in: [...touches] }, state: 'applied' }, session ?`,
    broken: `touches: { $in: [...touches] }, state: { $in: ['applied', 'orphaned'] } }, session ?`,
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'the order of records goes by when they came',
    invariant: 'I3',
    file: 'src/pipeline/fold.ts',
    code: 'return [...steps].sort((a, b) => compare(a.at, b.at) || compare(a.id, b.id));',
    broken: 'return [...steps];',
    tests: [`${CORE}/convergence.test.ts`],
  },
  {
    name: 'the frontier crosses a hole',
    invariant: 'I4',
    file: 'src/recovery/take-walk.ts',
    code: `if (!outcome.permanent) return { kind: 'stopped', reason: 'fetch-failed', detail: outcome.reason };`,
    broken: 'if (!outcome.permanent) continue;',
    tests: [`${CORE}/gap-filler.test.ts`],
  },
  {
    name: 'one walk is enough',
    invariant: 'I4',
    file: 'src/recovery/judge-walks.ts',
    code: 'if (last && finished.slice(0, -1).some(({ listing }) => isSameListing(listing, last.listing))) return',
    broken: 'if (last) return',
    tests: ['test/unit/recovery/judge-walks.test.ts', `${CORE}/gap-filler.test.ts`],
  },
  {
    name: 'the end of a page is the end of history',
    invariant: 'I4',
    file: 'src/chain/signature-pages.ts',
    code: `if ((await chain.firstAvailableBlock()) > fromSlot) return { reached: false, reason: 'history-missing' };`,
    broken: '',
    tests: ['test/unit/chain/signature-pages.test.ts', `${CORE}/gap-filler.test.ts`],
  },
  {
    name: 'a null status is trusted: what one endpoint does not know was dropped',
    invariant: 'I5',
    file: 'src/recovery/agree-on-drop.ts',
    code: `if (proof.kind === 'unknown') return proof;`,
    broken: `if (proof.kind === 'unknown') return { kind: 'dropped', how: 'block-lacks-it' };`,
    tests: ['test/unit/recovery/agree-on-drop.test.ts'],
  },
  {
    name: 'one endpoint is enough to prove a drop',
    invariant: 'I5',
    file: 'src/recovery/agree-on-drop.ts',
    code: 'const needed = witnessesNeeded(testimonies.length);',
    broken: 'const needed = 1;',
    tests: ['test/unit/recovery/agree-on-drop.test.ts'],
  },
  {
    name: 'a missing block is a skipped slot',
    invariant: 'I5',
    file: 'src/recovery/prove-dropped.ts',
    code: `if (after.kind === 'block' && after.parentSlot < slot) return`,
    broken: `if (after.kind === 'block') return`,
    tests: ['test/unit/recovery/prove-dropped.test.ts'],
  },
  {
    name: 'the slot of a re-landing is ignored',
    invariant: 'finality',
    file: 'src/recovery/judge-finality.ts',
    code: `return status.slot === heldSlot && !status.failed ? 'final' : 'elsewhere';`,
    broken: `return !status.failed ? 'final' : 'elsewhere';`,
    tests: ['test/unit/recovery/judge-finality.test.ts'],
  },
  {
    name: 'another version in another slot counts as the same',
    invariant: 'finality',
    file: 'src/ledger/ledger-record.ts',
    code: 'return one.slot === other.slot && Buffer.compare(one.raw, other.raw) === 0;',
    broken: 'return Buffer.compare(one.raw, other.raw) === 0;',
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'a disputed version can become final',
    invariant: 'finality',
    file: 'src/ledger/mark-records.ts',
    code: `slot, commitment: 'confirmed', disputed: false, state: { $ne: 'orphaned' }`,
    broken: `slot, commitment: 'confirmed', state: { $ne: 'orphaned' }`,
    tests: [`${CORE}/finality-race.test.ts`, `${CORE}/recovery.test.ts`],
  },
  {
    name: 'a rollback leaves the facts of what was dropped',
    invariant: 'I3',
    file: 'src/pipeline/project.ts',
    code: 'await tx.deleteFacts(model, removedIds);',
    broken: '',
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'a rollback leaves the documents as they are',
    invariant: 'I3',
    file: 'src/recovery/plan-relanding.ts',
    code: `if (old.state === 'applied') withdraw.push(old);`,
    broken: '',
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'the version that did not land is not kept',
    invariant: 'I1',
    file: 'src/ledger/mark-records.ts',
    code: 'await ledgerEvents(db).insertOne(storedRecord(archived), { session });',
    broken: 'void archived;',
    tests: [`${CORE}/recovery.test.ts`],
  },
  {
    name: 'a result is not computed anew when what decided it goes',
    invariant: 'settle',
    file: 'src/pipeline/project.ts',
    code: 'if (existed) this.note(model.collection, before.fields);',
    broken: '',
    tests: [`${CORE}/convergence.test.ts`],
  },
  {
    name: 'settle reads past its transaction, without the lock that the lease is',
    invariant: 'settle',
    file: 'src/pipeline/project.ts',
    code: 'const results = await settle.run(tx, pending);',
    broken: 'const results = NO_RESULTS as never as Awaited<ReturnType<typeof settle.run>>;',
    tests: [`${CORE}/convergence.test.ts`],
  },
  {
    name: 'the fence is dropped: a stale holder commits',
    invariant: 'I8',
    file: 'src/leases/lease.ts',
    code: 'if (touched.matchedCount !== 1) throw new StaleFenceError(lease);',
    broken: 'void touched;',
    tests: [`${CORE}/lease.test.ts`, `${CORE}/takeover.test.ts`],
  },
  {
    name: 'the lease is touched first',
    invariant: 'I8',
    file: 'src/pipeline/projection-store.ts',
    code: '    await setIndexes(db, session, change.reindex);',
    broken: '    await touchLease(db, lease, session);\n    await setIndexes(db, session, change.reindex);',
    tests: [`${CORE}/takeover.test.ts`],
  },
  {
    name: 'the beat of a living holder does not count',
    invariant: 'I8',
    file: 'src/leases/lease.ts',
    code: "return observed.holder === '' || nowMonotonicMs - observed.sinceMonotonicMs >= termMs;",
    broken: 'return true;',
    tests: ['test/unit/leases/lease.test.ts', `${CORE}/lease.test.ts`],
  },
  {
    name: 'what a program prints is an event',
    invariant: 'I11',
    file: 'src/decoding/walk-program-logs.ts',
    code: `if (line.startsWith('log: ', ID_START)) continue;`,
    broken: `if (line.startsWith('log: ', ID_START)) {
      if (inProgram) events.push({ place: logEventPlace(invocations, dataLines), payload: line.slice(ID_START + 5) });
      continue;
    }`,
    tests: ['test/unit/decoding/walk-program-logs.test.ts'],
  },
  {
    name: 'any program can print our events',
    invariant: 'I11',
    file: 'src/decoding/walk-program-logs.ts',
    code: 'inProgram = depth > 0 && frames[depth - 1] === programId;',
    broken: 'inProgram = depth > 0;',
    tests: ['test/unit/decoding/walk-program-logs.test.ts'],
  },
  {
    name: 'a call to itself is an event without the event authority',
    invariant: 'I11',
    file: 'src/decoding/cpi-events.ts',
    code: ' && instruction.accounts[0] === eventAuthority',
    broken: '',
    tests: ['test/unit/decoding/cpi-events.test.ts'],
  },
  {
    name: 'an account that is gone says nothing where no document stands yet',
    invariant: 'I6',
    file: 'src/pipeline/observe-account.ts',
    code: ' : touchesOfAnyKind(module, address)',
    broken: ' : touchesOfAnyKind(module, address).slice(0, 0)',
    tests: [`${CORE}/ingest.test.ts`],
  },
  {
    name: 'nobody is told that something is final',
    invariant: 'I7',
    file: 'src/recovery/finality-checker.ts',
    code: 'if (news.length > 0) onFinalized(this.module, news);',
    broken: 'void [news, onFinalized];',
    tests: [`${CORE}/reorg.test.ts`],
  },
  {
    name: 'who was told of an event is not told that a fork dropped it',
    invariant: 'I7',
    file: 'src/recovery/finality-checker.ts',
    code: '        onCorrected(this.module, correction);\n        return true;',
    broken: '        void onCorrected;\n        return true;',
    tests: [`${CORE}/reorg.test.ts`],
  },
  {
    name: 'an attempt counts as expired by its height alone, though somebody has it',
    invariant: 'I9',
    file: 'src/transactions/expiry-proof.ts',
    code: '    !evidence.statusKnown &&\n    !evidence.transactionKnown',
    broken: '    evidence.statusSlot >= 0',
    tests: ['test/unit/transactions/expiry-proof.test.ts', 'test/integration/api/submitter.test.ts'],
  },
  {
    name: 'a failed transaction has events',
    invariant: 'I10',
    file: 'src/decoding/decode-transaction.ts',
    code: 'if (failed || signature === PLACEHOLDER_SIGNATURE) return NOTHING;',
    broken: 'if (signature === PLACEHOLDER_SIGNATURE) return NOTHING;',
    tests: ['test/unit/decoding/decode-transaction.test.ts'],
  },
];
