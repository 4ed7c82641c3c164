import { startDeliveryDesks } from './delivery-desks.js';
import type { Foundation } from './foundation.js';
import { installedJobs } from './installed-jobs.js';

/** A process that does nothing but tell dispatchers of events. */
export async function startDeliveryWorker(foundation: Foundation): Promise<{ stop(): Promise<void> }> {
  const jobs = await installedJobs(foundation.config);
  return startDeliveryDesks(foundation, jobs);
}
