/** The page of one execution as a file that needs nothing else. */
import { join } from 'node:path';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { writeFileAtomically } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import { endpointsOf } from '../services/services.ts';
import { Executions } from '../stepfunctions/executions.ts';
import { onePage } from './bundle.ts';
import { Observer } from './observer.ts';

/** Writes the report of an execution beside its history, and gives its path. */
export async function writeReport(home: Home, pipeline: Pipeline, execution: string): Promise<string> {
  const executions = new Executions(home.executions, () => undefined);
  const observer = new Observer({ home, pipeline, execution, endpoints: () => endpointsOf(home) });
  observer.look();
  // What topics hold now says nothing about an execution of long ago.
  if (executions.newest(pipeline.name)?.name === execution) await observer.readTopics().catch(() => undefined);
  const model = observer.look();
  const runs = Object.fromEntries(model.runs.map(({ id }) => [id, observer.details(id)]));
  observer.close();
  const path = join(executions.folderOf({ pipeline: pipeline.name, name: execution }), 'report.html');
  writeFileAtomically(path, await onePage(`${pipeline.name} ${execution} - Millrace`, { model, runs }));
  return path;
}
