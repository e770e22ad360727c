/**
 * `millrace down`: ends everything that runs here, also what a killed command left; `--purge` forgets all data. Needs neither the toolchain nor
 * the declarations, so that it works when those are broken.
 */
import { rmSync } from 'node:fs';
import { knownJobRuns, liveStreams } from '../emr/live-streams.ts';
import { endProcess } from '../services/process.ts';
import { serviceStatuses, stopServices } from '../services/services.ts';
import { Executions } from '../stepfunctions/executions.ts';
import type { Context } from './context.ts';

/** A command that runs an execution ends its jobs itself when it is asked to; it gets this long. */
const commandGraceMilliseconds = 30_000;
/** A batch takes a few seconds; one that takes longer is repeated at the next start. */
const streamGraceSeconds = 30;

export async function down(context: Context, options: { readonly purge?: boolean }): Promise<number> {
  const { home, terminal } = context;
  const executions = new Executions(home.executions);
  for (const { name, process: command } of executions.running()) {
    if (!command || command.pid === process.pid) continue;
    terminal.line(`stopping execution ${name} (pid ${command.pid})`);
    await endProcess(command, commandGraceMilliseconds);
  }
  const streams = liveStreams(home, undefined);
  // What a stream has read but not committed would be read again; its data is about to go where everything is purged.
  const grace = options.purge ? 0 : streamGraceSeconds;
  for (const { job, pipeline } of streams) {
    terminal.line(
      `ending stream ${job} of ${pipeline}${grace > 0 ? `, which finishes its batch (${grace} s at most)` : ''}`,
    );
  }
  const ended = await knownJobRuns(home).end('', grace);
  for (const { request } of ended) terminal.line(`ended job run ${request.name}`);
  for (const record of executions.abandoned()) executions.finish(record, { status: 'ABORTED' });
  const running = (await serviceStatuses(home)).filter(({ state }) => state === 'running');
  await stopServices(home, { purge: options.purge === true }, terminal.line);
  for (const { name } of running) terminal.line(`stopped ${name}`);
  if (options.purge) {
    // Topics, schemas, checkpoints and what is deployed refer to each other: they go together.
    for (const folder of [
      home.state,
      home.buckets,
      home.parameters,
      home.tables,
      home.executions,
      home.jobRuns,
      home.logs,
    ]) {
      rmSync(folder, { recursive: true, force: true });
    }
    terminal.line(`removed all data in ${home.root}`);
  }
  if (context.json) {
    context.print(
      JSON.stringify({
        stopped: running.map(({ name }) => name),
        endedJobRuns: ended.map(({ request }) => request.name),
        purged: options.purge === true,
      }),
    );
  }
  return 0;
}
