/**
 * Changes of tables of PostgreSQL on topics, by logical replication: each row as it is after the change, under its key, and a tombstone where it was deleted. One slot
 * and one publication for each connector.
 */
import { z } from 'zod';
import { fitting, made } from '../checks/form.ts';
import { type Config, Connector, configForm, pluginForm } from '../connector.ts';
import type { Job } from '../job.ts';
import { Table } from '../kinds/table.ts';
import { Topic } from '../kinds/topic.ts';
import type { Note } from '../mistakes.ts';
import { connectorSlot, heartbeatTopic, replicationRole } from '../names.ts';
import type { PluginName } from '../plugins.ts';
import type { Named, Owner } from '../thing.ts';

export interface PostgresSourceProps<W extends Named<Topic> = Named<Topic>> {
  /** Topics that it writes, by alias. */
  readonly writes: W;
  /** The table whose changes each topic gets, by the topic's alias: one of the pipeline's own, or the name of another, with its schema. */
  readonly tables: { readonly [alias in keyof W]: string | Table };
  /** The plugin's own settings, by its own names, except those that follow from the declaration. */
  readonly config: Config;
}

const form = z.strictObject({
  plugin: pluginForm,
  writes: z.record(z.string(), made(Topic, 'a topic made by topic(...)')),
  tables: z.record(
    z.string(),
    fitting(
      'is neither a table nor the name of one',
      'a table made by table(...), or schema.table, of letters, digits and _',
      (table) => table instanceof Table || (typeof table === 'string' && /^\w+\.\w+$/.test(table)),
    ),
  ),
  config: configForm,
} satisfies Record<keyof PostgresSourceProps | 'plugin', z.ZodType>);

/** Settings that say where the pipeline's own database is, which its deployment makes. */
const PLACE_OF_OWN = /^database\.(hostname|port|ssl.*)$/;

/** Prefix of messages in the log of a database by which its readers come forward; they are passed on to nobody. */
const HEARTBEAT = 'millrace-heartbeat';

/** Name of the transformation that leads the changes of a table to a topic. */
const routeOf = (alias: string): string => `to_${alias}`;

/** A regular expression that matches just this text, in the words of Java. */
const exactly = (text: string): string => text.replace(/[.\\+*?[^\]$(){}|]/g, '\\$&');

export class PostgresSource extends Connector {
  declare readonly writes: Named<Topic>;

  constructor(plugin: PluginName, props: PostgresSourceProps) {
    super(plugin, form, props);
  }

  ownTopics(pipeline: string, name: string): Topic[] {
    // It holds its last record.
    return [new Topic(heartbeatTopic(pipeline, name), { partitions: 1, cleanup: 'compact' })];
  }

  override get databasePort(): number | undefined {
    return this.ownTables.length > 0 ? undefined : Number(this.config['database.port'] ?? 5432);
  }

  override get ownTables(): Table[] {
    return Object.values(this.tables).filter((table) => table instanceof Table);
  }

  protected followed({ name: pipeline }: Owner, name: string): Config {
    const prefix = `${pipeline}.${name}`;
    const routes = Object.entries(this.tables).map(
      ([alias, table]) => [alias, table instanceof Table ? `${pipeline}.${table.name}` : table] as const,
    );
    const route = ([alias, table]: readonly [string, string]) => [
      [`transforms.${routeOf(alias)}.type`, 'org.apache.kafka.connect.transforms.RegexRouter'],
      [`transforms.${routeOf(alias)}.regex`, exactly(`${prefix}.${table}`)],
      [`transforms.${routeOf(alias)}.replacement`, this.writes[alias]?.name ?? ''],
    ];
    return {
      'tasks.max': 1,
      'plugin.name': 'pgoutput',
      'topic.prefix': prefix,
      'topic.heartbeat.name': heartbeatTopic(pipeline, name),
      'slot.name': connectorSlot(pipeline, name),
      'publication.name': connectorSlot(pipeline, name),
      'table.include.list': routes.map(([, table]) => exactly(table)).join(),
      transforms: ['unwrap', ...routes.map(([alias]) => routeOf(alias))].join(),
      'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
      ...Object.fromEntries(routes.flatMap(route)),
      ...this.signIn(pipeline),
    };
  }

  protected isFollowed(setting: string): boolean {
    return (this.ownTables.length > 0 && PLACE_OF_OWN.test(setting)) || setting.startsWith(`transforms.${routeOf('')}`);
  }

  /** How it signs in to the pipeline's own database, in which the role and the publication are made for it; where that is, only its deployment knows. */
  private signIn(pipeline: string): Named<string> {
    const [table] = this.ownTables;
    if (!table) return {};
    const role = replicationRole(pipeline);
    return {
      'database.dbname': table.props.database.name,
      'database.user': role,
      'database.password': `\${directory:secrets:${role}}`,
      'publication.autocreate.mode': 'disabled',
      // Without it the slot stands still while only other tables are written, such as those of results, and their log is kept.
      'heartbeat.action.query': `SELECT pg_logical_emit_message(false, '${HEARTBEAT}', '')`,
      'message.prefix.exclude.list': HEARTBEAT,
    };
  }

  protected checkOwn({ name: pipeline, jobs }: Owner & { readonly jobs: object }, name: string, note: Note): void {
    if (connectorSlot(pipeline, name).length > 63) {
      note('', 'makes the name of a replication slot too long', connectorSlot(pipeline, name), '63 characters');
    }
    const aliases = Object.keys(this.writes);
    if (aliases.length === 0) note('writes', 'are none', 'no topic', 'at least one');
    for (const alias of aliases) {
      if (!Object.hasOwn(this.tables, alias)) note(`tables.${alias}`, 'is missing', undefined, 'schema.table');
      const { value, key } = this.writes[alias]?.props ?? {};
      for (const schema of [key, value]) {
        if (schema?.format !== 'avro') continue;
        note(`writes.${alias}`, 'has a schema that connectors do not write', schema, 'jsonSchema(...), or none');
      }
    }
    for (const alias of Object.keys(this.tables)) {
      if (aliases.includes(alias)) continue;
      note(`tables.${alias}`, 'is of no topic that it writes', alias, aliases.join(', '));
    }
    this.checkTables(pipeline, jobs, note);
  }

  /** Notes what is wrong with the pipeline's own tables that it reads. */
  private checkTables(pipeline: string, jobs: object, note: Note): void {
    const own = this.ownTables;
    if (own.length === 0) return;
    const used = Object.values(jobs as Named<Job>).flatMap(({ reads, writes }) => [
      ...Object.values(reads),
      ...Object.values(writes),
    ]);
    for (const [alias, table] of Object.entries(this.tables)) {
      const at = `tables.${alias}`;
      if (!(table instanceof Table)) {
        note(at, 'is not in the database of the others', table, `tables of ${own[0]?.props.database.name}`);
      } else if (!table.props.database.logicalReplication) {
        const allowed = `postgres('${table.props.database.name}', { logicalReplication: true })`;
        note(at, 'is in a database that nobody may follow', table.props.database, allowed);
      } else if (!used.includes(table)) {
        note(at, 'is used by no job', table.place(pipeline), 'a table that a job of the pipeline reads or writes');
      }
    }
  }
}
