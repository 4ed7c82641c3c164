import { Journal } from '../journal.js';

/** Everything that can go wrong, or be wished for at a bad moment, while events are told. */
export const DL_FAULTS = [
  'process killed',
  'process frozen',
  'process stopped in order',
  'machines asleep',
  'clocks wrong',
  'database fails',
  'database out of reach',
  'connection breaks at a commit',
  'transaction run again',
  'endpoint answers 500',
  'endpoint redirects',
  'endpoint is gone',
  'endpoint asks for less',
  'endpoint hangs',
  'endpoint is slow',
  'connection reset',
  'answer lost',
  'endpoint fails for days',
  'job throws',
  'dispatcher disabled by somebody',
  'dispatcher changed by somebody',
  'dispatcher removed by somebody',
  'event sent again',
  'event taken back by its sender',
  'operator sends anew',
  'operator replays',
  'operator invokes',
  'many events at once',
] as const;
export type DlFault = (typeof DL_FAULTS)[number];

/** What becomes of deliveries, and the ways in which they come right again. */
export const DL_PATHS = [
  'delivered at the first try',
  'delivered after others failed',
  'tried again after its claim ran out',
  'put back by whoever stopped',
  'next of its order let go',
  'told at its moment',
  'endpoint left alone',
  'failed for good',
  'cancelled with its dispatcher',
  'sent anew',
  'run by a job',
  'desk taken over',
  'stale holder stopped',
  'dispatcher disabled by its desk',
] as const;
export type DlPath = (typeof DL_PATHS)[number];

/** What happened in one run of deliveries. */
export type DlJournal = Journal<DlFault, DlPath>;

export function dlJournal(now: () => number, isVerbose: boolean): DlJournal {
  return new Journal<DlFault, DlPath>(now, isVerbose);
}

/** What takes several accidents at once, or days. */
export const DL_RARE = [
  'endpoint fails for days',
  'job throws',
  'put back by whoever stopped',
  'failed for good',
  'stale holder stopped',
  'dispatcher disabled by its desk',
] as const satisfies readonly (DlFault | DlPath)[];
