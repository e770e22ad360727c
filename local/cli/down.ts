/**
 * `millrace down`: ends everything that runs here, also what a killed command left; `--purge` forgets all data. Needs neither the toolchain nor
 * the declarations, so that it works when those are broken.
 */
import { messageOf } from '../../tools/errors.mjs';
import { knownJobRuns, liveStreams } from '../emr/streams.ts';
import { endWarmJvms } from '../emr/warm-jvms.ts';
import { endProcess } from '../services/process.ts';
import { stopServices } from '../services/services.ts';
import { Executions } from '../stepfunctions/executions.ts';
import type { Context } from './context.ts';

/** A command that runs an execution ends its jobs itself when it is asked to; it gets this long. */
export const commandGraceMs = 30_000;
/** A batch takes a few seconds; one that takes longer is repeated at the next start. */
const streamGraceSeconds = 30;
/** A job that was ended a moment ago may still hold its JVM. */
export const jvmPatienceMs = 10_000;

export async function down(context: Context, { purge = false }: { readonly purge?: boolean }): Promise<number> {
  const { home, terminal } = context;
  const executions = new Executions(home.executions, purge ? (error) => terminal.line(messageOf(error)) : undefined);
  for (const { name, process: command } of executions.running()) {
    if (!command || command.pid === process.pid) continue;
    terminal.line(`stopping execution ${name} (pid ${command.pid})`);
    await endProcess(command, commandGraceMs);
  }
  // What a stream has read but not committed would be read again; its data is about to go where everything is purged.
  const grace = purge ? 0 : streamGraceSeconds;
  const finishing = purge ? '' : `, which finishes its batch (${grace} s at most)`;
  for (const { job, pipeline } of liveStreams(home, undefined)) {
    terminal.line(`ending stream ${job} of ${pipeline}${finishing}`);
  }
  const ended = await knownJobRuns(home).end('', grace);
  const endedJobRuns = ended.map(({ request }) => request.name);
  for (const name of endedJobRuns) terminal.line(`ended job run ${name}`);
  for (const record of executions.abandoned()) executions.finish(record, { status: 'ABORTED' });
  const jvms = await endWarmJvms(home.warmJvms, jvmPatienceMs);
  if (jvms > 0) terminal.line(`ended ${jvms} warm ${jvms === 1 ? 'JVM' : 'JVMs'}`);
  const stopped = await stopServices(home, { purge }, terminal.line);
  for (const name of stopped) terminal.line(`stopped ${name}`);
  if (purge) terminal.line(`removed all data in ${home.root}`);
  if (context.json) context.print(JSON.stringify({ stopped, endedJobRuns, purged: purge }));
  return 0;
}
