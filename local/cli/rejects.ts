/** `millrace rejects <pipeline> [execution]`: the lines of files that an execution could not send, each with the reason. */
import { rejectingOf } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { byReason, number } from '../accounts/balance.ts';
import { countRejects, linesOf, partsIn } from '../accounts/counts.ts';
import { bucketPath } from '../cloudformation/index.ts';
import { JobRunRecords, partsOf, specOf } from '../emr/job-run-records.ts';
import type { Home } from '../home.ts';
import { visibleJson, visibleLine } from '../visible.ts';
import { type Context, pipelineOf } from './context.ts';

export async function rejects(context: Context, name: string, execution: string | undefined): Promise<number> {
  const { home, json, print, terminal, signal } = context;
  const pipeline = await pipelineOf(name);
  for (const { file, folder, ...of } of rejectsOf(home, pipeline, execution)) {
    const counts: Record<string, number> = {};
    for (const part of partsIn(folder)) {
      for await (const text of linesOf(part)) {
        const rejected = objectIn(text);
        if (!rejected) continue;
        if (signal.aborted) return 0;
        const reason = String(rejected.reason ?? 'unknown');
        counts[reason] = (counts[reason] ?? 0) + 1;
        if (json) print(visibleJson({ execution: of.execution, file, folder, ...rejected }));
        else print(`${file}:${rejected.line}  ${visibleLine(reason)}\n  ${visibleLine(String(rejected.text ?? ''))}`);
      }
    }
    const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
    terminal.line(
      `execution ${of.execution}: ${number(total)} ${total === 1 ? 'line' : 'lines'} rejected${byReason(counts)} in ${folder}`,
    );
  }
  return 0;
}

export interface Rejects {
  readonly execution: string;
  /** The file whose lines they are. */
  readonly file: string;
  readonly folder: string;
}

export interface Rejected extends Omit<Rejects, 'execution'> {
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
}

/** How many lines of each file an execution rejected, and why; none where it sent none. */
export async function countedRejects(home: Home, pipeline: Pipeline, execution: string): Promise<Rejected[]> {
  const all = rejectingOf(pipeline).length === 0 ? [] : knownRejects(home, pipeline);
  const ours = all.filter((one) => one.execution === execution);
  return Promise.all(ours.map(async ({ file, folder }) => ({ file, folder, ...(await countRejects(folder)) })));
}

/**
 * Where the rejected lines of an execution lie, for each file.
 *
 * @param execution its name. @default the newest one that read a file
 * @throws MillraceError NO_REJECTS, UNKNOWN_EXECUTION
 */
export function rejectsOf(home: Home, pipeline: Pipeline, execution: string | undefined): Rejects[] {
  if (rejectingOf(pipeline).length === 0) {
    throw new MillraceError(
      'NO_REJECTS',
      `No job of pipeline "${pipeline.name}" sends the lines of a file, so that none are rejected. See "npx millrace describe ${pipeline.name}".`,
    );
  }
  const known = knownRejects(home, pipeline);
  const chosen = execution ?? known.at(-1)?.execution;
  const found = known.filter((one) => one.execution === chosen);
  if (found.length > 0) return found;
  const newest = [...new Set(known.map((one) => one.execution))].slice(-5).join(', ');
  throw new MillraceError(
    'UNKNOWN_EXECUTION',
    `${execution === undefined ? `No file of "${pipeline.name}" was read here yet` : `No execution "${execution}" of "${pipeline.name}" has read a file`}. ` +
      (newest ? `The newest that did: ${newest}.` : `Run "npx millrace run ${pipeline.name}" first.`),
  );
}

/** Of all executions that are remembered. */
function knownRejects(home: Home, pipeline: Pipeline): Rejects[] {
  const runs = new JobRunRecords(home.jobRuns).all().filter((run) => partsOf(run).pipeline === pipeline.name);
  return runs.flatMap((run) => {
    const spec = specOf(run);
    return rejectingOf(pipeline).flatMap(({ file, folder }) => {
      const [read, written] = [spec?.reads[file]?.url, spec?.writes[folder]?.url];
      if (!read || !written) return [];
      const { execution } = partsOf(run);
      return { execution, file: bucketPath(home, read), folder: bucketPath(home, written) };
    });
  });
}
