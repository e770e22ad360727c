/**
 * `millrace validate`: checks every declaration without starting anything, and says in which order jobs run and how large the state of streams can
 * get. Imports nothing but the declarations, because it is waited for while one writes.
 */
import { orderOf, stateOf, topicsOf } from '../../lib/declaration/flow.ts';
import { kebab } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { type Context, pipelines } from './context.ts';

/** Loads every declaration; all mistakes are reported at once. */
export async function validate({ json, print }: Pick<Context, 'json' | 'print'>): Promise<number> {
  const all = await pipelines();
  if (json) print(JSON.stringify({ pipelines: all.map(toldOf) }));
  else for (const line of all.flatMap(linesOf)) print(line);
  return 0;
}

/** What a declaration without mistakes amounts to, for programs: jobs in their order, and the largest state of streams. */
export function toldOf(pipeline: Pipeline) {
  const { name, jobs } = pipeline;
  const { streams } = orderOf(pipeline);
  const lists = listsOf(pipeline).map(([list, names]) => [list, names.map(kebab)] as const);
  const state = streams.flatMap((stream) => {
    const job = jobs[stream];
    const size = job && stateOf(job);
    return size ? [{ job: kebab(stream), keys: job.keys, rows: size.rows, bytes: size.bytes }] : [];
  });
  return { name, topics: Object.keys(topicsOf(pipeline)), ...Object.fromEntries(lists), state };
}

/** Jobs by when they run. */
function listsOf(pipeline: Pipeline) {
  const { jobs } = pipeline;
  const { streams, during, after } = orderOf(pipeline);
  const alone = Object.keys(jobs).filter((job) => jobs[job]?.alone);
  return Object.entries({ streams, during, after, alone });
}

/** What a declaration without mistakes amounts to. */
export function linesOf(pipeline: Pipeline): string[] {
  const { name, jobs } = pipeline;
  const { streams } = orderOf(pipeline);
  const lists = listsOf(pipeline).filter(([, names]) => names.length > 0);
  return [
    `${name}: ${counted(topicsOf(pipeline), 'topic')}, ${counted(jobs, 'job')}, no mistakes`,
    ...lists.map(([list, names]) => `  ${list.padEnd(8)} ${names.map(kebab).join(', ')}`),
    ...streams.flatMap((stream) => stateLine(pipeline, stream)),
  ];
}

function stateLine({ jobs }: Pipeline, stream: string): string[] {
  const job = jobs[stream];
  const state = job && stateOf(job);
  if (!state) return [];
  const number = (value = 0) => Math.ceil(value).toLocaleString('en-US');
  const size = `${number(state.rows)} rows, ${number(state.bytes / 2 ** 20)} MB`;
  return [`  state    ${kebab(stream)}: at most ${size}, at ${number(job.keys)} keys`];
}

function counted(things: object, what: string): string {
  const count = Object.keys(things).length;
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
