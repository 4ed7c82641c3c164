import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { FinalityChecker, type FinalityDependencies } from '../../../src/recovery/finality-checker.js';

/** One pass of a checker of its own, as after a restart, to its end. Returns how many transactions found theirs. */
export async function checkFinality(
  dependencies: FinalityDependencies,
  work: LeaseWork,
  module: DomainModule,
): Promise<number> {
  const checker = new FinalityChecker(dependencies, work, module);
  const finals = await checker.pass();
  const ended = await checker.ended();
  // What was begun and found the lease lost says so at the next pass.
  checker.throwIfLost();
  return finals + ended;
}
