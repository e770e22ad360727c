/**
 * Takes what was counted of an execution and gives the equation that must hold for no row to be lost or counted twice, and its line for
 * people. Pure; called by `reconcile.ts`.
 */

/** What was counted. Rows; from files and topics, never from what a job says of itself. */
export interface Counts {
  /** Rows that the execution was to read. */
  readonly read: number;
  /** Lines of the file that were no rows. */
  readonly rejected: number;
  /** Records that came into the source topic during the execution. */
  readonly sent: number;
  /** Records that lay in the source topic before it and had not been accounted for. */
  readonly carriedOver: number;
  /** Rows that the summaries gained. */
  readonly summarized: number;
  readonly deadLetters: number;
  readonly deadLettersByReason: Readonly<Record<string, number>>;
  /** Dead letters whose source record came in during the execution. */
  readonly deadLettersOfExecution: number;
}

export interface Reconciliation extends Counts {
  /** Records that others wrote to the source topic during the execution and that all became dead letters. */
  readonly byOthers: number;
  readonly reconciles: boolean;
  readonly line: string;
}

export function reconciliationOf(counts: Counts): Reconciliation {
  const { read, rejected, carriedOver, summarized, deadLetters } = counts;
  const surplus = counts.sent - (read - rejected);
  // A surplus is somebody else's only if it can be told from ours: all of it has to be records that our producer could not have written.
  const byOthers = surplus > 0 && surplus <= counts.deadLettersOfExecution ? surplus : 0;
  const sent = counts.sent - byOthers;
  const reconciles = read === sent + rejected && sent + byOthers + carriedOver === summarized + deadLetters;
  const left = [
    `${number(sent)} sent`,
    ...(byOthers > 0 ? [`${number(byOthers)} by others`] : []),
    ...(carriedOver > 0 ? [`${number(carriedOver)} carried over`] : []),
  ].join(' + ');
  const reasons = Object.entries(counts.deadLettersByReason)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([reason, count]) => `${number(count)} ${reason}`)
    .join(', ');
  const equals = (holds: boolean) => (holds ? '=' : '≠');
  const line =
    `${number(read)} read ${equals(read === sent + rejected)} ${number(sent)} sent + ${number(rejected)} rejected; ` +
    `${left} ${equals(sent + byOthers + carriedOver === summarized + deadLetters)} ` +
    `${number(summarized)} summarized + ${number(deadLetters)} dead letters${reasons ? ` (${reasons})` : ''}`;
  return { ...counts, sent, byOthers, reconciles, line };
}

const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
