/**
 * Takes an execution that did not succeed and gives the error that tells a person why and what to do. Called by `run.ts`.
 */
import { kebab } from '../../lib/declaration/plan.ts';
import { MillraceError } from '../../tools/errors.ts';
import type { StreamStatus } from '../emr/live-streams.ts';
import type { ExecutionRecord } from '../stepfunctions/executions.ts';
import { messageIn } from './progress.ts';
import { moment } from './stream-lines.ts';

/** `records` is where the execution's history lies, `stream` the pipeline's one that goes on or has failed, if there is one. */
export function failureOf(
  execution: ExecutionRecord,
  records: string,
  stream: StreamStatus | undefined,
): MillraceError {
  const { name, pipeline, status, error = '', cause = '' } = execution;
  if (status === 'ABORTED') return new MillraceError('ABORTED', `Execution ${name} was stopped.`);
  // What the prepare function refuses is the person's own mistake, and nothing was started.
  if (error === 'InvalidInput') return new MillraceError('INVALID_INPUT', messageIn(cause));
  if (error === 'JobRunAlive' && stream && stream.state !== 'FAILED') {
    return new MillraceError(
      'STREAM_RUNS',
      `The stream ${stream.job} of pipeline "${pipeline}" runs since ${moment(stream.since)}; beside it only one of its batch jobs can be run (--job). ` +
        `End it with "npx millrace run ${pipeline} --action stop", or start what is deployed now with "--action upgrade".`,
    );
  }
  const failed = stream?.state === 'FAILED' && stream.runName.endsWith(`/${name}`) ? stream : undefined;
  const job = failed?.job ?? causeOfJob(cause);
  const hint = job ? ` See "npx millrace logs ${kebab(job)}".` : '';
  return new MillraceError(
    'EXECUTION_FAILED',
    `Execution ${name} ended ${status}: ${error}: ${messageIn(cause)}${hint}`,
    { details: [...(failed ? [`${failed.job}: ${failed.details}`] : []), `Its history is in ${records}.`] },
  );
}

function causeOfJob(cause: string): string | undefined {
  try {
    return (JSON.parse(cause) as { Name?: string }).Name?.split('/')[1];
  } catch {
    return undefined;
  }
}
