/** How often runs are looked for, and how patient one is with whoever runs them; in milliseconds. */
export interface JobTiming {
  readonly pollMs: number;
  /** Between signs of life of whoever runs something; a wish to cancel is seen then. */
  readonly renewMs: number;
  /** Watched for so long without such a sign, a run is taken for abandoned. */
  readonly abandonedMs: number;
  /** For what is under way when the process stops. */
  readonly drainMs: number;
  /** After trouble with the database. */
  readonly troubleMs: number;
}

/** What production uses. */
export const JOB_TIMING: JobTiming = {
  pollMs: 1_000,
  renewMs: 2_000,
  abandonedMs: 30_000,
  drainMs: 5_000,
  troubleMs: 1_000,
};
