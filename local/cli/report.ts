/** `millrace report [execution]`: the page of an execution as one file, of the latest one unless another is named. */
import { MillraceError } from '../../tools/errors.mjs';
import { Executions } from '../stepfunctions/executions.ts';
import { writeReport } from '../watch/report.ts';
import { type Context, pipelines } from './context.ts';

export async function report({ home, json, print }: Context, name: string | undefined): Promise<number> {
  const all = await pipelines();
  const executions = new Executions(home.executions, () => undefined);
  const known = all.flatMap((pipeline) => executions.list(pipeline.name).map((execution) => ({ pipeline, execution })));
  known.sort((one, other) => (one.execution.startedAt < other.execution.startedAt ? -1 : 1));
  const chosen = known.findLast(({ execution }) => name === undefined || execution.name === name);
  if (!chosen) {
    const newest = known.slice(-5).map(({ execution }) => execution.name);
    throw new MillraceError(
      'UNKNOWN_EXECUTION',
      `${name === undefined ? 'Nothing was run here yet' : `There is no execution "${name}"`}. ` +
        (newest.length > 0 ? `The newest: ${newest.join(', ')}.` : 'Run "npx millrace run <pipeline>" first.'),
    );
  }
  const { pipeline, execution } = chosen;
  const path = await writeReport(home, pipeline, execution.name);
  print(json ? JSON.stringify({ pipeline: pipeline.name, execution: execution.name, report: path }) : path);
  return 0;
}
