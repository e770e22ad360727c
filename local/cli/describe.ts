/** `millrace describe`: a pipeline from its declaration alone, for people or as one object; imports nothing but declarations and their picture. */
import { readFileSync } from 'node:fs';
import { schemaPath } from '../../lib/declaration/checks/schema.ts';
import { inZone } from '../../lib/declaration/cron.ts';
import { days, hours } from '../../lib/declaration/event-time.ts';
import {
  databaseOf,
  datasetsOf,
  feedsOf,
  filesOf,
  foldersOf,
  orderOf,
  predecessorsOf,
  sourcesOf,
  tablesOf,
  topicsOf,
  upstreamOf,
} from '../../lib/declaration/flow.ts';
import type { Job } from '../../lib/declaration/job.ts';
import { StandingFolder } from '../../lib/declaration/kinds/folder.ts';
import { kebab } from '../../lib/declaration/names.ts';
import { allowedInstead, type Parameter } from '../../lib/declaration/parameter.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { Schema } from '../../lib/declaration/schema.ts';
import { jobId, pictureOf, thingId } from '../watch/picture.ts';
import { type Context, pipelineOf } from './context.ts';

export async function describe({ json, print }: Pick<Context, 'json' | 'print'>, name: string): Promise<number> {
  const pipeline = await pipelineOf(name);
  print(json ? JSON.stringify(descriptionOf(pipeline)) : textOf(pipeline));
  return 0;
}

/** What a pipeline is; things and jobs by their aliases, jobs as the command line writes them. */
export function descriptionOf(pipeline: Pipeline) {
  const { name, description } = pipeline;
  const { nodes } = pictureOf(pipeline);
  const files = Object.entries(filesOf(pipeline)).map(([alias, { sample, separator, schema }]) => {
    const columns = columnsOf(pipeline, schema);
    return {
      name: alias,
      file: sample,
      form: separator === undefined ? 'JSON lines' : 'delimited',
      separator,
      columns,
    };
  });
  const topics = Object.entries(topicsOf(pipeline)).map(([alias, topic]) => {
    const { partitions, retention, timestamps = 'CreateTime', key, value, external } = topic.props;
    const { cleanup } = topic;
    const role = nodes.find(({ id }) => id === thingId({ alias, thing: topic }))?.role;
    const schemas = { key: key?.file, value: value?.file };
    return {
      name: alias,
      topic: topic.name,
      role,
      partitions,
      cleanup,
      retentionMs: retention,
      timestamps,
      schemas,
      external,
    };
  });
  const folders = Object.entries(foldersOf(pipeline)).map(([alias, folder]) => {
    return { name: alias, folder: folder.name, standing: folder instanceof StandingFolder };
  });
  const datasets = Object.entries(datasetsOf(pipeline)).map(([alias, { name: dataset, props, settings }]) => {
    const { partitionBy, fileSize, keep } = settings;
    return { name: alias, dataset, schema: props.schema.file, partitionBy, fileSize, keepMs: keep };
  });
  const tables = Object.entries(tablesOf(pipeline)).map(
    ([
      alias,
      {
        name: table,
        props: { columns, key },
      },
    ]) => {
      return { name: alias, table: `${name}.${table}`, columns, key };
    },
  );
  return {
    name,
    description,
    flow: drawnFlow(pipeline),
    parameters: parametersOf(pipeline),
    files,
    topics,
    folders,
    datasets,
    database: databaseOf(pipeline)?.name,
    tables,
    connectors: Object.entries(pipeline.connectors ?? {}).map(
      ([connector, { plugin, tables: follows, reads, writes }]) => ({
        name: kebab(connector),
        plugin,
        follows: Object.values(follows).map((one) => (typeof one === 'string' ? one : `${name}.${one.name}`)),
        reads: Object.keys(reads),
        writes: Object.keys(writes),
      }),
    ),
    sources: Object.values(sourcesOf(pipeline)).map(({ name: source, writes, props }) => ({
      name: source,
      code: props.code,
      writes: Object.keys(writes),
      secrets: Object.values(props.secrets ?? {}).map((one) => one.name),
      standIn: props.standIn,
      parameters: Object.entries(props.parameters ?? {}).map(([parameter, rule]) => ({ name: parameter, ...rule })),
    })),
    feeds: Object.values(feedsOf(pipeline)).map(({ name: feed, writes, props, settings }) => ({
      name: feed,
      code: props.code,
      of: props.of.name,
      writes: Object.keys(writes),
      ...settings,
    })),
    schedules: Object.values(pipeline.schedules ?? {}).map((schedule) => ({
      name: schedule.name,
      cron: schedule.props.cron,
      timeZone: schedule.props.timeZone,
      ...schedule.input(pipeline),
      next: schedule.next(Date.now(), 3).map((time) => inZone(time, schedule.props.timeZone)),
    })),
    jobs: sortedJobs(pipeline).map(([job, declared]) => ({
      name: kebab(job),
      kind: declared.kind,
      entryPoint: declared.entryPoint,
      reads: Object.keys(declared.reads),
      writes: Object.keys(declared.writes),
      runs: whenOf(pipeline, job),
      windows: declared.windows,
      timeoutMinutes: declared.timeoutMinutes,
    })),
  };
}

/** Each parameter once, with the jobs that it is told to. */
function parametersOf({ jobs }: Pipeline) {
  const all = Object.entries(jobs).flatMap(([job, { parameters }]) =>
    Object.entries(parameters).map(([name, rule]) => ({ name, rule, job: kebab(job) })),
  );
  return [...new Map<string, Parameter>(all.map(({ name, rule }) => [name, rule]))].map(([name, rule]) => ({
    name,
    ...rule,
    allowed: allowedInstead(rule, undefined),
    jobs: all.filter((one) => one.name === name).map(({ job }) => job),
  }));
}

interface ColumnForm {
  readonly name: string;
  /** The values that a job takes, in words. */
  readonly accepts: string;
  readonly required: boolean;
  readonly description: string | undefined;
}

function columnsOf(pipeline: Pipeline, { file, format }: Schema): ColumnForm[] {
  const schema = JSON.parse(readFileSync(schemaPath(pipeline, file), 'utf8'));
  if (format === 'json') {
    const properties = Object.entries<JsonProperty>(schema.properties);
    return properties.map(([name, property]) => {
      const isNullable = [property.type].flat().includes('null');
      const required = (schema.required ?? []).includes(name) && !isNullable;
      return { name, accepts: jsonForm(property), required, description: property.description };
    });
  }
  return (schema.fields as AvroField[]).map(({ name, type, doc: description }) => {
    const types = [type].flat().filter((each) => each !== 'null');
    return { name, accepts: avroForm(types[0]), required: types.length === [type].flat().length, description };
  });
}

const instantForm = 'instant, such as 2026-01-31T13:00:00Z';

type AvroType = string | Readonly<{ logicalType: string; precision: number; scale?: number }>;
type AvroField = Readonly<{ name: string; type: AvroType | AvroType[]; doc?: string }>;

function avroForm(type: AvroType | undefined): string {
  if (typeof type === 'object') {
    return type.logicalType === 'decimal' ? decimals(type.scale ?? 0, `${type.precision} digits`) : instantForm;
  }
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'true or false';
  return type === 'int' ? 'whole number of 32 bits' : 'whole number of 64 bits';
}

type JsonProperty = Readonly<{
  type: string | string[];
  description?: string;
  format?: string;
  enum?: string[];
  pattern?: string;
  multipleOf?: number;
}> &
  Readonly<Record<'minimum' | 'maximum' | 'minLength' | 'maxLength', number | undefined>>;

function jsonForm({ type, ...words }: JsonProperty): string {
  const [of] = [type].flat().filter((each) => each !== 'null');
  if (of === 'string') {
    if (words.enum) return `one of ${words.enum.join(', ')}`;
    const length = rangeOf(words.minLength, words.maxLength);
    const what = words.format === 'date-time' ? instantForm : 'text';
    return [what, ...(length ? [`${length} characters`] : []), ...(words.pattern ? [`as ${words.pattern}`] : [])].join(
      ', ',
    );
  }
  if (of === 'boolean') return 'true or false';
  const range = rangeOf(words.minimum, words.maximum);
  const what = of === 'integer' ? 'whole number' : decimals(Math.round(-Math.log10(words.multipleOf ?? 1)));
  return range ? `${what}, ${range}` : what;
}

const decimals = (behind: number, ...more: string[]): string =>
  ['number', ...more, `${behind} behind the point`].join(', ');

/** "from 1", "up to 200", "1 to 200", or nothing. */
function rangeOf(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `${inWords(least)} to ${inWords(most)}`;
  if (least !== undefined) return `from ${inWords(least)}`;
  return most === undefined ? '' : `up to ${inWords(most)}`;
}

const inWords = (count: number): string => count.toLocaleString('en-US', { maximumFractionDigits: 18 });

/** Jobs with those before them first; those that run alone only at the end. */
function sortedJobs(pipeline: Pipeline): [name: string, Job][] {
  const predecessors = predecessorsOf(pipeline);
  const sorted = Object.keys(predecessors).flatMap((job) => [...upstreamOf(predecessors, job), job]);
  const names = new Set([...sorted, ...Object.keys(pipeline.jobs)]);
  return [...names].map((name) => [name, pipeline.jobs[name] as Job]);
}

/** When a job runs, in words. */
function whenOf(pipeline: Pipeline, job: string): string {
  const { streams, during } = orderOf(pipeline);
  if (pipeline.jobs[job]?.alone) return `alone only: --job ${kebab(job)}`;
  if (streams.includes(job)) return 'follows what it reads until it is drained';
  if (during.includes(job)) return 'while the streams run';
  return streams.length > 0 ? 'after the streams are drained' : 'in its turn';
}

/** Each connector and each job as a box between what it reads and what it writes, upstream first. */
export function drawnFlow(pipeline: Pipeline): string[] {
  const { nodes, edges } = pictureOf(pipeline);
  const labels = new Map(nodes.map(({ id, kind, title }) => [id, `${kind} ${title}`]));
  const label = (id: string) => labels.get(id) ?? id;
  const readBy = (part: string) => edges.filter(({ to }) => to === part).map(({ from }) => from);
  const connectors = nodes.filter(({ shape }) => shape === 'connector');
  const sorted = sortedJobs(pipeline).flatMap(([name, { kind }]) => [
    // Before the first that reads what it writes.
    ...connectors
      .filter(({ id }) => readBy(jobId(name)).some((thing) => readBy(thing).includes(id)))
      .map((one) => [one.id, one.title, one.name] as const),
    [jobId(name), kebab(name), kind] as const,
  ]);
  // Of what no job reads behind them.
  sorted.push(...connectors.map((one) => [one.id, one.title, one.name] as const));
  const boxes = [...new Map(sorted.map((part) => [part[0], part] as const)).values()].map(([id, ...words]) => ({
    words,
    reads: readBy(id).map(label),
    writes: edges.filter(({ from }) => from === id).map(({ to }) => label(to)),
  }));
  const left = longest(boxes.flatMap(({ reads }) => reads));
  const wide = longest(boxes.flatMap(({ words }) => words));
  const margin = ' '.repeat(left > 0 ? left + 4 : 0);
  return boxes.flatMap(({ words, reads, writes }) => {
    const height = Math.max(words.length, reads.length, writes.length);
    const rows = Array.from({ length: height }, (_, row) => {
      const [read, write] = [reads[row], writes[row]];
      const before = read === undefined ? `${margin}│` : `${read.padStart(left)} ──▶│`;
      const after = write === undefined ? '│' : `├──▶ ${write}`;
      return `${before} ${(words[row] ?? '').padEnd(wide)} ${after}`;
    });
    const line = '─'.repeat(wide + 2);
    return [`${margin}┌${line}┐`, ...rows, `${margin}└${line}┘`];
  });
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));

export function textOf(pipeline: Pipeline): string {
  const described = descriptionOf(pipeline);
  const { name, description, flow, parameters, files, topics, folders, datasets, database, tables, jobs } = described;
  const shownParameters = parameters.flatMap(({ name, allowed = '', default: usual, jobs, description }) => {
    const otherwise = usual === '' ? 'not set' : typeof usual === 'number' ? inWords(usual) : usual;
    return [`${name}: ${otherwise}; ${allowed}`, `  ${description} (${jobs.join(', ')})`];
  });
  const shownFiles = files.flatMap(({ name, file, form, separator, columns }) => {
    const shape = separator === undefined ? 'an object a line' : `separated by "${separator}", with a header`;
    const rows = columns.map(({ name, accepts, required, description = '' }) => [
      name,
      required ? accepts : `${accepts}; may be empty`,
      description,
    ]);
    return [`${name}: ${file}, ${form}, ${shape}`, ...table(rows).map((row) => `  ${row}`)];
  });
  const shownTopics = topics.flatMap(({ name, topic, role, partitions, cleanup, retentionMs, schemas, external }) => {
    const kept = cleanup === 'compact' ? 'the last record of each key is kept' : `kept for ${timeOf(retentionMs)}`;
    const outside = {
      written: ['written outside too'],
      read: ['read outside too'],
      both: ['written and read outside too'],
    };
    const facts = [
      `${partitions} partition${partitions === 1 ? '' : 's'}`,
      kept,
      ...(external ? outside[external] : []),
    ];
    const title = role === undefined || role === 'compacted' ? name : `${name} (${role})`;
    const parts = Object.entries(schemas).map(([part, file]) => `${part}: ${file ?? 'bytes'}`);
    return [`${title}: ${topic}`, `  ${facts.join('; ')}`, `  ${parts.join('; ')}`];
  });
  const shownFolders = folders.map(({ name, folder, standing }) => {
    return `${name}: ${folder}/, ${standing ? 'one that stays' : 'one for each execution'}`;
  });
  const shownDatasets = datasets.flatMap(({ name, dataset, schema, partitionBy, fileSize, keepMs }) => {
    const divided = partitionBy.length === 0 ? 'not divided' : `divided by ${partitionBy.join(', ')}`;
    const kept = `maintenance makes files of ${fileSize} MiB and keeps what it was for ${timeOf(keepMs)}`;
    return [`${name}: ${dataset}, columns of ${schema}, ${divided}`, `  ${kept}`];
  });
  const shownTables = tables.map(({ name, table, columns, key }) => {
    return `${name}: ${table} in database ${database}, columns ${columns.join(', ')}; key ${key.join(', ')}`;
  });
  const shownConnectors = described.connectors.map(({ name, plugin, follows, reads, writes }) => {
    const from = follows.length > 0 ? `changes of ${follows.join(', ')}` : `records of ${reads.join(', ')}`;
    return `${name}: ${plugin}, ${from} to ${writes.join(', ')}`;
  });
  const shownSources = described.sources.flatMap(({ name, code, writes, secrets, parameters }) => {
    const signed = secrets.length > 0 ? `, with the secrets ${secrets.join(', ')}` : '';
    const told = parameters.map(
      (one) => `  ${one.name}: ${one.default === '' ? 'not set' : one.default}; ${one.description}`,
    );
    return [`${name}: ${code}, what it hears to ${writes.join(', ')}${signed}`, ...told];
  });
  const shownFeeds = described.feeds.map(({ name, code, of, writes, batchSize, retries }) => {
    return `${name}: ${code}, changes of items ${of} to ${writes.join(', ')}; ${batchSize} at once, ${retries} tries more`;
  });
  const shownSchedules = described.schedules.map(({ name, cron, timeZone, job, next }) => {
    return `${name}: ${job} by ${cron} in ${timeZone}; next ${next.join(', ')}`;
  });
  const shownJobs = table(jobs.map(({ name, kind, entryPoint, runs }) => [name, kind, entryPoint, runs]));
  const sections = { Flow: flow, Parameters: shownParameters, Files: shownFiles, Topics: shownTopics };
  const kept = { Folders: shownFolders, Datasets: shownDatasets, Tables: shownTables };
  const brought = { Connectors: shownConnectors, Sources: shownSources, Feeds: shownFeeds, Schedules: shownSchedules };
  const all = Object.entries({ ...sections, ...kept, ...brought, Jobs: shownJobs }).filter(([, rows]) => rows.length);
  return [
    `${name}: ${description}`,
    ...all.flatMap(([title, rows]) => ['', title, ...rows.map((row) => `  ${row}`)]),
  ].join('\n');
}

/** Columns as wide as their longest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => longest(rows.map((cells) => cells[column] ?? ''));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  );
}

/** A retention in its largest whole unit; where none is said, the broker's of seven days. */
function timeOf(ms: number = days(7)): string {
  const [size, unit] = (
    [
      [days(1), 'days'],
      [hours(1), 'hours'],
      [60_000, 'minutes'],
    ] as const
  ).find(([one]) => ms % one === 0) ?? [1, 'ms'];
  return `${inWords(ms / size)} ${unit}`;
}
