/**
 * Records of topics as rows of a dataset: each once, in commits some minutes apart. A property that is no column is left out; a record that is no row is a dead letter,
 * as it came.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { made } from '../checks/form.ts';
import { jsonSchemaMistake } from '../checks/json-schema.ts';
import { schemaPath } from '../checks/schema.ts';
import { type Config, Connector, configForm, isOneOf, pluginForm } from '../connector.ts';
import { days } from '../event-time.ts';
import { type Column, columnsOf, icebergTable } from '../iceberg.ts';
import type { Job } from '../job.ts';
import { Dataset } from '../kinds/dataset.ts';
import { Topic } from '../kinds/topic.ts';
import type { Note } from '../mistakes.ts';
import { controlPrefix, controlTopic, datasetTable, sinkName } from '../names.ts';
import type { PluginName } from '../plugins.ts';
import type { Named, Owner } from '../thing.ts';

export interface IcebergSinkProps {
  /** Topics that it reads, by alias. */
  readonly reads: Named<Topic>;
  /** The dataset, and the topic of records that are no rows of it. */
  readonly writes: Named<Dataset | Topic>;
  /** The plugin's own settings, by its own names, except those that follow from the declaration. @default none */
  readonly config?: Config;
}

const form = z.strictObject({
  plugin: pluginForm,
  reads: z.record(z.string(), made(Topic, 'a topic made by topic(...)')),
  writes: z.record(
    z.string(),
    z.custom(isOneOf<Dataset | Topic>(Dataset, Topic), {
      error: 'a dataset made by dataset(...), and a topic for dead letters',
      params: { what: 'does not belong here' },
    }),
  ),
  config: configForm.optional(),
} satisfies Record<keyof IcebergSinkProps | 'plugin', z.ZodType>);

/** Where the table and its topics are, and what must not be guessed of records. */
const FOLLOWED =
  /^(topics\.regex|millrace\..*|iceberg\.(catalog|hadoop|kafka|table)\b.*|iceberg\.tables(\.(?!write-props\.).*)?|iceberg\.(connect|hadoop-conf-dir|coordinator)\b.*|(key|value|header)\.converter.*|errors\..*|transforms.*|predicates.*)$/;

export class IcebergSink extends Connector {
  constructor(plugin: PluginName, props: IcebergSinkProps) {
    super(plugin, form, props);
  }

  /** Its group is named by it, and groups are of the whole cluster. */
  override id(pipeline: string, name: string): string {
    return sinkName(pipeline, name);
  }

  /** The topic by which its tasks agree on what is committed together. */
  ownTopics(pipeline: string, name: string): Topic[] {
    return [new Topic(controlTopic(pipeline, name), { partitions: 1, retention: days(7) })];
  }

  override get dataset(): Dataset | undefined {
    return Object.values(this.writes).find((one) => one instanceof Dataset);
  }

  private get deadLetters(): Topic | undefined {
    return Object.values(this.writes).find((one) => one instanceof Topic);
  }

  protected followed(pipeline: Owner, name: string): Config {
    const { dataset } = this;
    const text = dataset && schemaText(pipeline, dataset.props.schema.file);
    const prefix = controlPrefix(pipeline.name, name);
    return {
      topics: Object.values(this.reads)
        .map((topic) => topic.name)
        .join(),
      ...(dataset && text && tableOf(pipeline.name, dataset, text)),
      'iceberg.catalog': 'datasets',
      'iceberg.catalog.type': 'glue',
      // Files are reached as jobs reach them: without a look at every folder up to the bucket's root, which the role may not see.
      'iceberg.catalog.io-impl': 'org.apache.iceberg.hadoop.HadoopFileIO',
      'iceberg.hadoop.fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
      'iceberg.hadoop.fs.s3a.performance.flags': 'mkdir',
      'iceberg.hadoop.fs.s3a.buffer.dir': '$'.concat('{java.io.tmpdir}/s3a'),
      // Keys are no part of a row, and need be no JSON.
      'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      'value.converter': 'millrace.connect.DatasetRow',
      'iceberg.control.topic': controlTopic(pipeline.name, name),
      'iceberg.control.group-id-prefix': prefix,
      'iceberg.coordinator.transactional.prefix': prefix,
      // What was written before the first commit is looked for too; Iceberg's own way is to pass over it when its worker ends just then.
      'iceberg.kafka.auto.offset.reset': 'by_duration:P1D',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': this.deadLetters?.name ?? '',
      'errors.deadletterqueue.topic.replication.factor': -1,
      'errors.deadletterqueue.context.headers.enable': true,
    };
  }

  protected isFollowed(setting: string): boolean {
    return FOLLOWED.test(setting);
  }

  protected checkOwn(pipeline: Owner & { readonly jobs: object }, _name: string, note: Note): void {
    const { dataset, deadLetters } = this;
    if (Object.keys(this.reads).length === 0) note('reads', 'are none', 'no topic', 'at least one');
    if (!dataset || !deadLetters || Object.keys(this.writes).length !== 2) {
      note(
        'writes',
        'are not what it writes',
        Object.values(this.writes),
        'one dataset, and one topic for dead letters',
      );
      return;
    }
    if (Object.values(this.reads).includes(deadLetters)) {
      note('writes', 'are what it reads too', deadLetters, 'a topic of its own for dead letters');
    }
    checkWriters(pipeline.jobs as Named<Job>, dataset, note);
    const columns = readColumns(pipeline, dataset.props.schema.file);
    for (const [alias, topic] of Object.entries(this.reads)) {
      const { value } = topic.props;
      if (value?.format !== 'json') {
        note(`reads.${alias}`, 'has no schema of JSON values', value, 'a topic whose value is jsonSchema(...)');
        continue;
      }
      checkColumns(columns, readColumns(pipeline, value.file), (...told) => note(`reads.${alias}`, ...told));
    }
  }
}

/** The table, as settings of the sink. */
function tableOf(pipeline: string, dataset: Dataset, schema: string): Config {
  const { row, ...table } = icebergTable(dataset, schema);
  return {
    'millrace.dataset.table': datasetTable(pipeline, dataset.name),
    ...Object.fromEntries(
      Object.entries(table).map(([name, value]) => [`millrace.dataset.${name}`, JSON.stringify(value)]),
    ),
    'value.converter.columns': JSON.stringify(row),
  };
}

/** Notes jobs that could add rows besides. */
function checkWriters(jobs: Named<Job>, dataset: Dataset, note: Note): void {
  for (const [job, { reads, writes, alone }] of Object.entries(jobs)) {
    if (!Object.values(writes).some((thing) => thing.origin === dataset)) continue;
    if (alone && Object.keys(reads).length === 0) continue;
    const allowed = 'a job that reads nothing and is `alone: true`, for maintenance, or a dataset for each';
    note('writes', `are written by job ${job} too`, dataset, allowed);
  }
}

/** Notes columns that no record of a topic has, or as something else. */
function checkColumns(
  columns: readonly Column[],
  properties: readonly Column[],
  note: (what: string, got: unknown, allowed: string) => void,
): void {
  if (properties.length === 0) return;
  for (const { name, type } of columns) {
    const property = properties.find((one) => one.name === name);
    if (!property) {
      note('has no property for a column of the dataset', name, properties.map((one) => one.name).join(', '));
    } else if (property.type !== type) note(`has another type than column ${name} of the dataset`, property.type, type);
  }
}

/** The text of a schema; undefined where it is missing or has a mistake, of which those tell who declare it. */
function schemaText(pipeline: Owner, file: string): string | undefined {
  try {
    const text = readFileSync(schemaPath(pipeline, file), 'utf8');
    return jsonSchemaMistake(text) === undefined ? text : undefined;
  } catch {
    return undefined;
  }
}

function readColumns(pipeline: Owner, file: string): Column[] {
  const text = schemaText(pipeline, file);
  return text === undefined ? [] : columnsOf(text);
}
