/** How often jobs ask S3, as a strict run counted it. */

/** Requests by their price. */
export interface Requests {
  /** Those that write, copy or list. */
  readonly writing: number;
  /** Those that read; to delete costs nothing. */
  readonly reading: number;
}

/** Of one micro-batch that sums rows up, with four partitions of state. */
export const BATCH_REQUESTS: Requests = { writing: 28, reading: 30 };

/** Of one job besides: its code, the files that it reads, its checkpoint when it starts, its results. */
export const JOB_REQUESTS: Requests = { writing: 20, reading: 365 };

export const COUNTED = 'counted in a strict run on 2026-11-22, with S3A 3.4.2';
