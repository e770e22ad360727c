/** `millrace report [execution]`: the page of an execution as one file, of the latest one unless another is named; with `--from` of one on AWS. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { type Home, millraceHome } from '../home.ts';
import { Executions } from '../stepfunctions/executions.ts';
import { writeReport } from '../watch/report.ts';
import { type Context, environmentOf, pipelineOf, pipelines } from './context.ts';

interface Options {
  readonly pipeline?: string;
  /** The data bucket of an environment on AWS. */
  readonly from?: string;
  readonly region?: string;
  readonly env?: string;
}

export async function report(context: Context, name: string | undefined, options: Options = {}): Promise<number> {
  const { home, json, print } = context;
  const asked = options.pipeline === undefined ? await pipelines() : [await pipelineOf(options.pipeline)];
  const { pipeline, execution, path } = await (options.from === undefined
    ? here(home, asked, name)
    : onAws(home, asked, name, options.from, options));
  print(json ? JSON.stringify({ pipeline, execution, report: path }) : path);
  return 0;
}

/** A report that was written, and what it is of. */
interface Written {
  readonly pipeline: string;
  readonly execution: string;
  readonly path: string;
}

async function here(home: Home, asked: readonly Pipeline[], name: string | undefined): Promise<Written> {
  const executions = new Executions(home.executions, () => undefined);
  const known = asked.flatMap((pipeline) =>
    executions.list(pipeline.name).map(({ name, startedAt }) => ({ pipeline, name, startedAt })),
  );
  known.sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  const { pipeline, name: execution } = chosenOf(known, name, 'here', 'Run "npx millrace run <pipeline>" first.');
  return { pipeline: pipeline.name, execution, path: await writeReport(home, pipeline, execution) };
}

/**
 * Makes the report of an execution on AWS by the person's own credentials, which need what the runbook lists.
 *
 * @throws MillraceError INVALID_INPUT, UNKNOWN_EXECUTION, AWS_CREDENTIALS, AWS_DENIED, AWS_NOT_FOUND, AWS_OTHER_REGION, AWS_OTHER_BUCKET, AWS_FAILED
 */
export async function onAws(
  home: Home,
  asked: readonly Pipeline[],
  name: string | undefined,
  from: string,
  { region, env = 'dev' }: Options,
): Promise<Written> {
  const [, bucket] = /^s3:\/\/([^/]+)\/?$/.exec(from) ?? [];
  if (bucket === undefined || region === undefined) {
    throw new MillraceError(
      'INVALID_INPUT',
      `--from is ${JSON.stringify(from)} and --region ${JSON.stringify(region ?? '')}. Allowed: s3:// with the name of the data bucket, and its Region, such as eu-central-1.`,
    );
  }
  const place = { bucket, region, environment: (await environmentOf(env)).name };
  const [{ awsServices }, { begun, bring }] = await Promise.all([
    import('../aws/services.ts'),
    import('../aws/records.ts'),
  ]);
  const services = await awsServices(region);
  const temporary = mkdtempSync(join(tmpdir(), 'millrace-report-'));
  try {
    const known = (await Promise.all(asked.map((pipeline) => begun(services, place, pipeline)))).flat();
    known.sort((one, other) => Number(one.event.event_timestamp) - Number(other.event.event_timestamp));
    const chosen = chosenOf(known, name, `in environment ${env} in ${region}`, 'Start an execution there first.');
    const brought = millraceHome(temporary);
    await bring(services, brought, place, chosen);
    const { pipeline, name: execution } = chosen;
    const path = join(home.reports, `${pipeline.name}-${execution}.html`);
    copyFileSync(await writeReport(brought, pipeline, execution), path);
    return { pipeline: pipeline.name, execution, path };
  } finally {
    services.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The one that is named, or the newest. */
function chosenOf<T extends { readonly name: string }>(
  known: readonly T[],
  name: string | undefined,
  where: string,
  first: string,
): T {
  const chosen = known.findLast((one) => name === undefined || one.name === name);
  if (chosen) return chosen;
  const newest = known.slice(-5).map((one) => one.name);
  throw new MillraceError(
    'UNKNOWN_EXECUTION',
    `${name === undefined ? `Nothing was run ${where} yet` : `There is no execution "${name}"`}. ` +
      (newest.length > 0 ? `The newest: ${newest.join(', ')}.` : first),
  );
}
