import type { Config } from '../config/env.js';
import { jobsByHandler, type Job } from '../delivery/jobs/define-job.js';
import { MooringError } from '../lib/errors.js';
import { loadDomainsFile } from './installed-domains.js';

/**
 * The jobs that events can be delivered to here: those that the ES module of MOORING_DOMAINS exports as `jobs`; none where it
 * exports none.
 * @throws MooringError `job-invalid` with what to write instead.
 */
export async function installedJobs({ domainsPath }: Pick<Config, 'domainsPath'>): Promise<readonly Job[]> {
  if (domainsPath === undefined) return [];
  const { jobs = [] } = await loadDomainsFile(domainsPath);
  if (!Array.isArray(jobs) || !jobs.every(isJob)) {
    throw new MooringError(
      'job-invalid',
      `${domainsPath}: \`jobs\` must be an array of what defineJob({ id, version, run }) makes.`,
    );
  }
  jobsByHandler(jobs);
  return jobs;
}

function isJob(value: unknown): value is Job {
  const job = value as Partial<Job> | null;
  return typeof job?.id === 'string' && typeof job.version === 'string' && typeof job.run === 'function';
}
