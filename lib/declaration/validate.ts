/** Checks declarations and lists every mistake, each with where it is, the value got and the values allowed. */
import { z } from 'zod';
import { checkAccount, checkReport, checkSum, checkView } from './checks/accounts.ts';
import { checkFlow } from './checks/flow.ts';
import { checkCamelCase, checkForm, type Fault, made, whole } from './checks/form.ts';
import { checkJobForm, checkJobs, checkStateMachine } from './checks/jobs.ts';
import { isPythonName, RESERVED_PIPELINE_NAMES } from './checks/reserved-names.ts';
import { checkTables } from './checks/tables.ts';
import { checkTogether } from './checks/together.ts';
import { Connector } from './connector.ts';
import { type Aliased, aliased, connectedTo, peakCores, thingsOf, usesOf } from './flow.ts';
import { Job } from './job.ts';
import { Feed } from './kinds/feed.ts';
import { InputFile } from './kinds/file.ts';
import { Folder } from './kinds/folder.ts';
import { Source } from './kinds/source.ts';
import { Table } from './kinds/table.ts';
import { Topic } from './kinds/topic.ts';
import { ACCOUNT_VCPU } from './limits.ts';
import { type Mistake, type Note, noteAt, noteUnder } from './mistakes.ts';
import type { Pipeline } from './pipeline.ts';
import { Schedule } from './schedule.ts';
import { type Named, Thing } from './thing.ts';

/** Also the name of a Python package and part of the name of a stack, which between them allow no other character. */
const PIPELINE = /^[a-z][a-z0-9]{0,29}$/;

const text = z.string();
const job = made(Job, 'a job made by batch(...) or stream(...)');
const topic = made(Topic, 'a topic made by topic(...)');
const folder = made(Folder, 'a folder made by folder(...)');
const file = made(InputFile, 'a file made by csv(...) or jsonLines(...)');
const account = z.strictObject({
  sent: topic,
  from: z.strictObject({ file, rows: z.object({}), rejects: folder }).optional(),
  deadLetters: topic,
  results: z.strictObject({ topic, count: text.optional(), perRow: whole(1, 1_000).optional() }),
});
const table = made(Table, 'a table made by table(...)');
const sum = z.strictObject({
  ...{ sent: topic, of: text.optional(), deadLetters: topic, table, column: text },
  rows: z.record(text, text).optional(),
});
const column = z.strictObject({ field: text, title: text, format: z.enum(['text', 'money', 'count', 'time']) });
const filter = z.union([
  z.strictObject({
    by: z.object({ kind: z.literal('text') }),
    among: z.strictObject({ file, column: text, others: z.array(text).optional() }),
  }),
  z.strictObject({ by: z.object({ kind: z.literal('instant') }), ahead: whole(0, 100_000) }),
]);
const chart = z.strictObject({ x: text, y: text, by: text.optional() });
const view = z.strictObject({
  ...{ topic, title: text.min(1, 'a few words for people'), columns: z.array(column) },
  ...{ chart: chart.optional(), last: text.optional() },
});
const form = z.strictObject({
  description: text.min(1, 'a sentence for people'),
  jobs: z.record(text, job),
  connectors: z.record(text, made(Connector, 'a connector made by connector(...)')).optional(),
  sources: z.record(text, made(Source, 'a source made by source(...)')).optional(),
  feeds: z.record(text, made(Feed, 'a feed made by feed(...)')).optional(),
  schedules: z.record(text, made(Schedule, 'a schedule made by schedule(...)')).optional(),
  topics: z.record(text, topic).optional(),
  usually: z.enum(['run', 'start']).optional(),
  accounts: z.array(account).optional(),
  sums: z.array(sum).optional(),
  report: z
    .strictObject({
      ...{ job, folder, columns: z.array(column), chart: chart.optional() },
      filters: z.array(filter).optional(),
    })
    .optional(),
  views: z.array(view).optional(),
  name: text,
  folders: z.object({}),
} satisfies Record<keyof Pipeline, z.ZodType>);

/** Every mistake of these pipelines, those between two of them included. */
export function mistakesOf(pipelines: readonly Pipeline[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const holdings = pipelines.map((pipeline) => ({
    name: pipeline.name,
    things: checkPipeline(pipeline, noteUnder(pipeline.name, mistakes)),
  }));
  checkTogether(holdings, noteUnder('', mistakes));
  return mistakes;
}

/**
 * Checks a pipeline by itself. What is missing or misspelt would be told again by all who look for it, so that the rules see only what has
 * the structure that it should have; nor do they tell of a value what its form has told already.
 */
function checkPipeline(pipeline: Pipeline, noteForm: Note): Aliased[] {
  const faults = checkForms(pipeline, noteForm);
  const broken = faults.filter(({ ofStructure }) => ofStructure);
  const note: Note = (where, ...rest) => {
    if (!faults.some((fault) => fault.where === where)) noteForm(where, ...rest);
  };
  const isWhole = (at: string): boolean => !broken.some(({ where }) => isWithin(where, at) || isWithin(at, where));
  const hasIn = (at: string): boolean => faults.some(({ where }) => isWithin(where, at));
  const wholeOf = <T>(part: 'jobs' | 'topics' | 'connectors' | 'sources' | 'feeds'): Named<T> =>
    Object.fromEntries(Object.entries<T>(Object(pipeline[part])).filter(([name]) => isWhole(`${part}.${name}`)));
  const readable = {
    ...pipeline,
    jobs: wholeOf<Job>('jobs'),
    topics: wholeOf<Topic>('topics'),
    connectors: wholeOf<Connector>('connectors'),
    sources: wholeOf<Source>('sources'),
    feeds: wholeOf<Feed>('feeds'),
  };
  const isReadable = ({ alias, thing }: Aliased): boolean => isWhole(`${thing.plural}.${alias}`);
  const uses = usesOf(readable);
  const things = thingsOf(readable).filter(isReadable);
  checkName(pipeline, note);
  const { topics, sources, feeds } = readable;
  const outside = [...[topics, sources, feeds].flatMap((some) => aliased<Thing>(some)), ...connectedTo(readable)];
  checkAliases([...outside, ...uses].filter(isReadable), note);
  for (const { alias, thing } of things) thing.check(pipeline, noteAt(note, `${thing.plural}.${alias}`));
  for (const use of uses.filter(isReadable)) {
    const noteUse = noteAt(note, `jobs.${use.job}.${use.way}.${use.alias}`);
    if (use.way === 'reads') use.thing.checkUse(use, noteUse);
    else use.thing.checkWrite(use, noteUse);
  }
  for (const [name, connector] of Object.entries(readable.connectors)) {
    connector.check(readable, name, noteAt(note, `connectors.${name}`));
  }
  for (const [name, schedule] of Object.entries<Schedule>(Object(pipeline.schedules))) {
    if (isWhole(`schedules.${name}`)) schedule.check(pipeline, noteAt(note, `schedules.${name}`));
  }
  checkTables(pipeline, things, note);
  checkJobs(readable, note, (name) => {
    const used = uses.filter(({ job }) => job === name);
    return !hasIn(`jobs.${name}`) && !used.some(({ alias, thing }) => hasIn(`${thing.plural}.${alias}`));
  });
  const isShown = ({ where }: Fault): boolean =>
    ['accounts', 'sums', 'report', 'views'].some((part) => isWithin(where, part));
  if (!broken.every(isShown)) return things;
  checkFlow(pipeline, note);
  if (!hasIn('jobs')) checkStateMachine(pipeline, note);
  if (!Object.keys(pipeline.jobs).some((name) => hasIn(`jobs.${name}.size`))) checkPeak(pipeline, note);
  if (isWhole('accounts')) {
    for (const [index, account] of (pipeline.accounts ?? []).entries()) {
      checkAccount(pipeline, account, noteAt(note, `accounts.${index}`));
    }
  }
  if (isWhole('sums')) {
    for (const [index, sum] of (pipeline.sums ?? []).entries()) checkSum(pipeline, sum, noteAt(note, `sums.${index}`));
  }
  if (pipeline.report && isWhole('report')) checkReport(pipeline, pipeline.report, noteAt(note, 'report'));
  if (isWhole('views')) {
    for (const [index, view] of (pipeline.views ?? []).entries()) {
      checkView(pipeline, view, noteAt(note, `views.${index}`));
    }
  }
  return things;
}

/** Whether one path of a declaration is another or lies within it. */
const isWithin = (inner: string, outer: string): boolean => `${inner}.`.startsWith(`${outer}.`);

/** Notes mistakes in the form of a pipeline, of its jobs, and of what these read and write. */
function checkForms(pipeline: Pipeline, note: Note): Fault[] {
  const checkThing = (thing: unknown, at: string): Fault[] => {
    if (!(thing instanceof Thing)) return [];
    if (thing.origin !== thing)
      return [...checkForm(thing.form, thing.given, at, note), ...checkThing(thing.origin, at)];
    return checkForm(thing.form, thing.given, `${thing.plural}.${at.split('.').at(-1)}`, note);
  };
  const faults = checkForm(form, pipeline, '', note);
  for (const [alias, topic] of Object.entries(Object(pipeline.topics))) {
    faults.push(...checkThing(topic, `topics.${alias}`));
  }
  for (const [name, connector] of Object.entries(Object(pipeline.connectors))) {
    if (!(connector instanceof Connector)) continue;
    const at = `connectors.${name}`;
    faults.push(...checkForm(connector.form, connector.given, at, note));
    for (const way of ['reads', 'writes'] as const) {
      for (const [alias, thing] of Object.entries(Object(connector[way]))) {
        faults.push(...checkThing(thing, `${at}.${way}.${alias}`));
      }
    }
  }
  for (const part of ['sources', 'feeds'] as const) {
    for (const [name, thing] of Object.entries(Object(pipeline[part]))) {
      if (!(thing instanceof Source || thing instanceof Feed)) continue;
      const at = `${part}.${name}`;
      faults.push(...checkThing(thing, at));
      for (const [alias, topic] of Object.entries(Object(thing.writes))) {
        faults.push(...checkThing(topic, `${at}.writes.${alias}`));
      }
    }
  }
  for (const [name, schedule] of Object.entries(Object(pipeline.schedules))) {
    if (schedule instanceof Schedule)
      faults.push(...checkForm(schedule.form, schedule.given, `schedules.${name}`, note));
  }
  for (const [name, job] of Object.entries(Object(pipeline.jobs))) {
    if (!(job instanceof Job)) continue;
    faults.push(...checkJobForm(job, `jobs.${name}`, note));
    for (const way of ['reads', 'writes'] as const) {
      for (const [alias, thing] of Object.entries(Object(job[way]))) {
        faults.push(...checkThing(thing, `jobs.${name}.${way}.${alias}`));
      }
    }
  }
  return faults;
}

function checkPeak(pipeline: Pipeline, note: Note): void {
  const peak = peakCores(pipeline);
  if (peak <= ACCOUNT_VCPU) return;
  note('jobs', 'that run together need too many vCPU', peak, `${ACCOUNT_VCPU} at most (account quota)`);
}

function checkName({ name }: Pipeline, note: Note): void {
  if (!PIPELINE.test(name)) {
    note('name', 'is not a name for its folder', name, 'a-z and 0-9, first a letter, 30 characters at most');
  } else if (RESERVED_PIPELINE_NAMES.includes(name)) {
    note('name', 'is taken by the platform', name, `any name but ${RESERVED_PIPELINE_NAMES.join(', ')}`);
  } else if (isPythonName(name)) {
    note('name', 'is a name that Python keeps for itself', name, 'another name');
  }
}

/** Checks that each thing has one alias, which it shares with no other of its kind. */
function checkAliases(uses: readonly Aliased[], note: Note): void {
  const aliases = new Map<Thing, string>();
  const holders = new Map<string, Thing>();
  for (const { alias, thing } of uses) {
    const { origin, plural } = thing;
    const at = `${plural}.${alias}`;
    const first = aliases.get(origin);
    if (first === undefined) {
      aliases.set(origin, alias);
      checkCamelCase(note, at, alias);
      if (holders.has(at)) note(at, 'is the alias of two things', origin, 'an alias for each');
    } else if (first !== alias) note(at, `is called ${first} elsewhere`, origin, 'one alias for one thing');
    holders.set(at, origin);
  }
}
