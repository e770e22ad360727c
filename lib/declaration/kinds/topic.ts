/** Topics, and how a stream reads one: as events. */
import { z } from 'zod';
import { fitting, isWhole, schema, whole } from '../checks/form.ts';
import { checkSchema } from '../checks/schema.ts';
import {
  DEFAULT_LATENESS_MINUTES,
  DEFAULT_REPLAY_DAYS,
  days,
  FUTURE_MINUTES,
  LONGEST_LATENESS_MINUTES,
  watermarkDelayMs,
} from '../event-time.ts';
import type { Template } from '../fill.ts';
import {
  CLUSTER_PARTITIONS,
  DEAD_LETTER_BYTES,
  DECLARED_SETTINGS,
  DEFAULT_MESSAGE_BYTES,
  MOST_MESSAGE_BYTES,
  TOPIC_NAME,
  TOPIC_SETTINGS,
} from '../limits.ts';
import type { Note } from '../mistakes.ts';
import { groupPrefix, schemaKey } from '../names.ts';
import type { IntegerParameter } from '../parameter.ts';
import { type KeyedSchema, nameSpec, type Schema, schemaPart, schemaSpec } from '../schema.ts';
import { type Owner, type Sink, type StreamSource, Thing, type Use } from '../thing.ts';

export interface TopicProps {
  /** Number of partitions. Never lowered; of a compacted topic never changed, since keys would move. */
  readonly partitions: number;
  /** Cleanup policy, fixed at creation on MSK Serverless. @default `delete` */
  readonly cleanup?: 'delete' | 'compact';
  /** How long records are kept, in ms; only for cleanup `delete`. @default the broker's retention of seven days */
  readonly retention?: number;
  /** Whose clock stamps a record: the producer's or the broker's. @default the producer's (`CreateTime`) */
  readonly timestamps?: 'CreateTime' | 'LogAppendTime';
  /** Further settings, by Kafka's own names; only those that MSK Serverless can set. @default none */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Schema of keys. @default none: keys are bytes */
  readonly key?: Schema;
  /** Schema of values. @default none: values are bytes */
  readonly value?: Schema;
  /** Applications outside that write or read it beside our jobs; each way has a policy to grant. @default none */
  readonly external?: 'written' | 'read' | 'both';
  /** What becomes of the topic when it leaves the declaration. @default `retain` */
  readonly onRemoval?: 'retain' | 'delete';
}

const form = z.strictObject({
  name: fitting(
    'is not a topic name',
    'letters, digits, ".", "_" and "-", 249 at most, "__" not in front',
    (name) => typeof name === 'string' && TOPIC_NAME.test(name) && !name.startsWith('__'),
    'string',
  ),
  partitions: whole(1, CLUSTER_PARTITIONS),
  cleanup: z.enum(['delete', 'compact']).optional(),
  retention: whole(60_000, Number.MAX_SAFE_INTEGER, ' ms').optional(),
  timestamps: z.enum(['CreateTime', 'LogAppendTime']).optional(),
  configuration: z.record(z.string(), z.string()).optional(),
  key: schema.optional(),
  value: schema.optional(),
  external: z.enum(['written', 'read', 'both']).optional(),
  onRemoval: z.enum(['retain', 'delete']).optional(),
} satisfies Record<keyof TopicProps | 'name', z.ZodType>);

/** A Kafka topic that the pipeline owns. In a batch job it is read from its first record to its last, in a stream as events. */
export class Topic extends Thing implements StreamSource, Sink {
  readonly kind = 'topic';
  readonly plural = 'topics';
  /** Name of the topic on the broker. */
  readonly name: string;
  readonly props: TopicProps;
  /** The topic whose dead letters it holds; undefined where it is for something else. */
  readonly deadLettersOf: Topic | undefined;

  constructor(name: string, props: TopicProps, deadLettersOf?: Topic) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
    this.deadLettersOf = deadLettersOf;
  }

  get cleanup() {
    return this.props.cleanup ?? 'delete';
  }

  /** The largest batch of records that the broker takes, and so the largest record. */
  get maxMessageBytes(): number {
    return Number(this.props.configuration?.[MAX_MESSAGE_BYTES] ?? DEFAULT_MESSAGE_BYTES);
  }

  get watermarkDelayMs(): number | undefined {
    return events(this).watermarkDelayMs;
  }

  /** What applications outside do with it. */
  get externalWays(): readonly ('Writer' | 'Reader')[] {
    const { external } = this.props;
    if (external === 'both') return ['Writer', 'Reader'];
    return external === undefined ? [] : [external === 'written' ? 'Writer' : 'Reader'];
  }

  override get isWrittenOutside(): boolean {
    return this.externalWays.includes('Writer');
  }

  /** Kafka refuses `a.b` beside `a_b`: the names of their metrics would be the same. */
  override place(): string {
    return `topic ${this.name.replaceAll('.', '_')}`;
  }

  override schemas(alias: string): readonly KeyedSchema[] {
    return (['key', 'value'] as const).flatMap((part) => {
      const schema = this.props[part];
      if (!schema) return [];
      const artifact = schema.format === 'avro' ? (schema.artifact ?? `${this.name}-${part}`) : undefined;
      // A framed key holds its schema's id: another schema would be another key for the same thing.
      return [{ key: schemaKey(alias, part), schema, artifact, immutable: part === 'key' }];
    });
  }

  readPart(use: Use): Template {
    return events(this).readPart(use);
  }

  override checkUse(use: Use, note: Note): void {
    events(this).checkUse(use, note);
  }

  writePart(use: Use): Template {
    return { ...this.part(use), maxMessageBytes: this.maxMessageBytes };
  }

  /** What specs of readers and writers say alike. */
  part({ alias }: Use): { readonly [name: string]: Template } {
    // Schemas of keys alone are immutable.
    const schemas = this.schemas(alias).map((schema) => [schema.immutable ? 'key' : 'value', schemaPart(schema)]);
    return { kind: this.kind, topic: this.name, ...Object.fromEntries(schemas) };
  }

  override check(pipeline: Owner, note: Note): void {
    const { retention, configuration = {}, key, value } = this.props;
    if (retention !== undefined && this.cleanup === 'compact') {
      note('retention', 'has no effect on a compacted topic', retention, 'no retention, or cleanup delete');
    }
    for (const [setting, value] of Object.entries(configuration)) {
      const known = Object.hasOwn(TOPIC_SETTINGS, setting);
      const allowed = known && TOPIC_SETTINGS[setting]?.(value);
      if (DECLARED_SETTINGS.includes(setting)) {
        note('configuration', 'has a word of its own', setting, 'cleanup, retention, timestamps');
      } else if (!known) {
        const settings = Object.keys(TOPIC_SETTINGS).join(', ');
        note('configuration', 'is not a setting of MSK Serverless', setting, settings);
      } else if (allowed) note(`configuration.${setting}`, 'is not a value of this setting', value, allowed);
    }
    const room = this.deadLettersOf && deadLetterBytes(this.deadLettersOf);
    if (room !== undefined && this.maxMessageBytes < room) {
      const allowed = `${MAX_MESSAGE_BYTES} of ${room} at least`;
      note(
        'configuration',
        'has no room for every record of its source and why it is here',
        this.maxMessageBytes,
        allowed,
      );
    }
    // Keys beside JSON values may be plain text, which needs no schema.
    if (this.cleanup === 'compact' && !key && value?.format !== 'json') {
      note('key', 'is missing: a compacted topic keeps the last record of each', undefined, 'a key schema');
    }
    if (key) checkSchema(pipeline, note, 'key', key);
    if (value?.format === 'avro' && value.artifact !== undefined) {
      const allowed = `none: a reader looks for older values' schemas under ${this.name}-value`;
      note('value.artifact', 'is no name for the schema of values', value.artifact, allowed);
    }
    if (value) checkSchema(pipeline, note, 'value', value);
  }
}

/** Retention of a topic that says none: the broker's. */
const DEFAULT_RETENTION_MS = days(7);

/** A topic, by its name on the broker. */
export const topic = (name: string, props: TopicProps): Topic => new Topic(name, props);

const MAX_MESSAGE_BYTES = 'max.message.bytes';

/** The largest record of a topic and the headers of a dead letter, as far as a topic can hold both. */
const deadLetterBytes = (source: Topic) => Math.min(source.maxMessageBytes + DEAD_LETTER_BYTES, MOST_MESSAGE_BYTES);

/**
 * What differs from one partition of bytes, kept for the broker's retention under the name of the source with another ending, with room for the largest record
 * of the source and the headers of a dead letter.
 */
type BesideProps = Partial<TopicProps> & { readonly name?: string };

function beside(source: Topic, ending: string, { name, ...props }: BesideProps, deadLettersOf?: Topic): Topic {
  const settings = { partitions: 1, retention: DEFAULT_RETENTION_MS, ...props };
  if (!(source instanceof Topic)) return new Topic(undefined as never, settings);
  const configuration = { [MAX_MESSAGE_BYTES]: String(deadLetterBytes(source)), ...props.configuration };
  const given = name ?? source.name.replace(/(\.avro|\.json)?$/, ending);
  return new Topic(given, { ...settings, configuration }, deadLettersOf);
}

/** The topic `<source>.dead-letters` for records of another that cannot be used: their bytes untouched, why and where from in headers. */
export const deadLettersOf = (source: Topic, props: BesideProps = {}): Topic =>
  beside(source, '.dead-letters', props, source);

/**
 * The topic `<source>.replays`, to which people send dead letters of another again, headers included. Its writers are believed when they say
 * when a record first came, so it has a policy of its own; the broker's clock says when they sent it.
 */
export const replaysOf = (source: Topic, props: BesideProps = {}): Topic =>
  beside(source, '.replays', { external: 'written', timestamps: 'LogAppendTime', ...props });

/** Which events are late, and how long a dead letter may be replayed. */
export interface EventsProps {
  /**
   * Minutes that an event may be older than its record before it is late: a number, a parameter of the job in minutes, or `none` where
   * events are late by nature, as changes of a database are.
   * @default 10
   */
  readonly lateness?: number | IntegerParameter | 'none';
  /** The topic by which dead letters of this one come back; the job reads it too. @default none: nothing is replayed */
  readonly replays?: Topic;
  /** Days for which a replayed dead letter is counted in its own window, and state is kept. @default 7, where there are replays */
  readonly replayDays?: number;
}

export const sourceForm = fitting(
  'does not belong here',
  'a topic made by topic(...)',
  (value) => value instanceof Topic,
);

/** A way to read a topic. */
export abstract class Reading extends Thing {
  readonly plural = 'topics';
  readonly topic: Topic;

  constructor(topic: Topic, given: object, form: z.ZodType) {
    super(given, form);
    this.topic = topic;
  }

  get name(): string {
    return this.topic?.name;
  }

  override get origin(): Topic {
    return this.topic;
  }

  override schemas(alias: string): readonly KeyedSchema[] {
    return this.topic.schemas(alias);
  }
}

const eventsForm = z.strictObject({
  topic: sourceForm,
  lateness: fitting(
    'is no lateness',
    `minutes from 0 to ${LONGEST_LATENESS_MINUTES}, a parameter made by integer(...) that allows no others, or none`,
    (value) => {
      const { kind, minimum, maximum } = Object(value);
      const bounds = kind === 'integer' ? [minimum, maximum] : [value];
      return value === 'none' || bounds.every((minutes) => isWhole(minutes, 0, LONGEST_LATENESS_MINUTES));
    },
  ).optional(),
  replays: sourceForm.optional(),
  replayDays: whole(0, 365, ' days').optional(),
} satisfies Record<keyof EventsProps | 'topic', z.ZodType>);

export class Events extends Reading implements StreamSource {
  readonly kind = 'topic';
  readonly props: EventsProps;

  constructor(topic: Topic, props: EventsProps) {
    super(topic, { topic, ...props }, eventsForm);
    this.props = props;
  }

  get watermarkDelayMs(): number | undefined {
    const { lateness = DEFAULT_LATENESS_MINUTES, replays = this.topic } = this.props;
    if (lateness === 'none') return undefined;
    const longest = typeof lateness === 'object' ? lateness.maximum : lateness;
    const retentions = [this.topic, replays].map(({ props }) => props.retention ?? DEFAULT_RETENTION_MS);
    return watermarkDelayMs(Math.max(...retentions), longest, this.replayDays);
  }

  private get replayDays(): number {
    const { replays, replayDays = DEFAULT_REPLAY_DAYS } = this.props;
    return replays ? replayDays : 0;
  }

  readPart(use: Use): Template {
    const { lateness = DEFAULT_LATENESS_MINUTES, replays } = this.props;
    const parameter = Object.keys(use.parameters).find((name) => use.parameters[name] === lateness);
    const rules = {
      latenessMinutes: lateness === 'none' ? null : parameter ? `{parameters.${parameter}}` : Number(lateness),
      futureMinutes: FUTURE_MINUTES,
      replayMinutes: this.replayDays * 1_440,
      watermarkDelayMs: this.watermarkDelayMs ?? null,
    };
    const part = { ...this.topic.part(use), groupIdPrefix: groupPrefix(use.pipeline.name, use.job) };
    return use.mode === 'stream' ? { ...part, ...(replays ? { replays: replays.name } : {}), rules } : part;
  }

  override checkUse({ mode, parameters, reads }: Use, note: Note): void {
    const { lateness, replays, replayDays } = this.props;
    if (replays && !Object.values(reads).some(({ origin }) => origin === replays)) {
      note('replays', 'is a topic that its reader does not read', replays, 'one of the topics in `reads`');
    }
    if (!replays && replayDays !== undefined) {
      note('replayDays', 'has no effect without replays', replayDays, 'none, or replays: replaysOf(...)');
    }
    if (mode === 'stream' && lateness !== 'none' && this.topic.cleanup === 'compact') {
      const allowed = "lateness: 'none', latest(...), or cleanup 'delete'";
      note('', 'is followed with a lateness, but keeps records of any age', this.topic.cleanup, allowed);
    }
    if (mode === 'batch' || typeof lateness !== 'object' || Object.values(parameters).includes(lateness)) return;
    note('lateness', 'is a parameter that its reader does not have', lateness, 'a parameter of the job, or minutes');
  }
}

/** A topic read as a stream of events, with the lateness that is allowed. */
export const events = (topic: Topic, props: EventsProps = {}): Events => new Events(topic, props);

/** What specs say of a topic, however it is used. */
export const topicSpec = { topic: nameSpec, key: schemaSpec.optional(), value: schemaSpec.optional() };
const written = z.strictObject({ kind: z.literal('topic'), ...topicSpec });
const count = z.int().min(0);
const rules = z.strictObject({
  latenessMinutes: count.nullable().describe('How much older than its record an event may be; null: never late'),
  futureMinutes: count.describe('How far ahead of its record an event may be'),
  replayMinutes: count.describe('How old a replayed record may be'),
  watermarkDelayMs: count.nullable().describe('How far the watermark stays behind the newest event'),
});
export const readSpecs = [
  written.extend({
    groupIdPrefix: nameSpec,
    replays: nameSpec.optional().describe('The topic by which dead letters come back'),
    rules: rules.optional().describe('In streams'),
  }),
];
export const writeSpecs = [written.extend({ maxMessageBytes: count.describe('Largest record that the topic takes') })];
