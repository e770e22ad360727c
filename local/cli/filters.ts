/** Refuses a run of which is known, before anything starts, that it would show no results. */
import { filesOf, nameIn } from '../../lib/declaration/flow.ts';
import type { Filter, Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { checkFiles } from '../check/check.ts';

/**
 * Looks for what an input asks of the results among what there can be.
 *
 * @param folder where the files are that the run would read
 * @throws MillraceError FILTER_MATCHES_NOTHING
 */
export async function refuseFilters(
  pipeline: Pipeline,
  folder: string,
  input: Readonly<Record<string, unknown>>,
  now = Date.now(),
): Promise<void> {
  const { job, filters = [] } = pipeline.report ?? {};
  for (const filter of filters) {
    const name = nameIn(job?.parameters ?? {}, filter.by) ?? '';
    const asked = input[name];
    // What is no text at all, the prepare function refuses in its own words.
    if (typeof asked !== 'string' || asked === '') continue;
    const there = await findable(pipeline, folder, filter, asked, now);
    if (there === undefined) continue;
    const message = `"${name}" in the input is ${JSON.stringify(asked)}, of which there can be no results. There can be: ${there}. Nothing was started.`;
    throw new MillraceError('FILTER_MATCHES_NOTHING', message);
  }
}

/** What can be found, in words; undefined where that may be what is asked for. */
async function findable(
  pipeline: Pipeline,
  folder: string,
  filter: Filter,
  asked: string,
  now: number,
): Promise<string | undefined> {
  if ('ahead' in filter) {
    const last = now + filter.ahead * 60_000;
    return Date.parse(asked) > last ? `instants to ${new Date(last).toISOString()}` : undefined;
  }
  const { file, column, others = [] } = filter.among;
  const alias = nameIn(filesOf(pipeline), file) ?? '';
  const checked = await checkFiles(pipeline, folder, { tablesOnly: true, columns: { [alias]: column } });
  const values = checked.find((one) => one.file === alias)?.values;
  return values === undefined || [...values, ...others].includes(asked) ? undefined : [...values, ...others].join(', ');
}
