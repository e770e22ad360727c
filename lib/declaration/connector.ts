/** Connectors of Kafka Connect, which bring data from elsewhere to topics without code of ours. */
import { z } from 'zod';
import { checkCamelCase, fitting, made } from './checks/form.ts';
import type { Job } from './job.ts';
import { Table } from './kinds/table.ts';
import { Topic } from './kinds/topic.ts';
import type { Note } from './mistakes.ts';
import { connectorSlot, replicationRole } from './names.ts';
import { PLUGINS, type PluginName, routeOf, type Setting } from './plugins.ts';
import { isSecret, Secret } from './secret.ts';
import type { Named } from './thing.ts';

export interface ConnectorProps<W extends Named<Topic> = Named<Topic>> {
  /** Topics that it writes, by alias. */
  readonly writes: W;
  /** The table whose changes each topic gets, by the topic's alias: one of the pipeline's own, or the name of another, with its schema. */
  readonly tables: { readonly [alias in keyof W]: string | Table };
  /** The plugin's own settings, by its own names, except those that follow from the declaration. */
  readonly config: Named<Setting | Secret>;
}

const form = z.strictObject({
  plugin: z.enum(Object.keys(PLUGINS)),
  writes: z.record(z.string(), made(Topic, 'a topic made by topic(...)')),
  tables: z.record(
    z.string(),
    fitting(
      'is neither a table nor the name of one',
      'a table made by table(...), or schema.table, of letters, digits and _',
      (table) => table instanceof Table || (typeof table === 'string' && /^\w+\.\w+$/.test(table)),
    ),
  ),
  config: z.record(
    z.string(),
    fitting('is no setting', 'a text, a number, true, false or secret(name, key)', (value) =>
      value instanceof Secret ? isSecret(value) : ['string', 'number', 'boolean'].includes(typeof value),
    ),
  ),
} satisfies Record<keyof ConnectorProps | 'plugin', z.ZodType>);

/** Names of settings whose value nobody is to read in a template. */
const SECRET_NAME = /password|passwd|secret|token|credential|passphrase|private.?key|jaas/i;
/** A password within a text, such as an address. */
const SECRET_WITHIN = /\b(password|pwd|secret)=|:\/\/[^/\s:@]+:[^/\s@]+@/i;
/** What a worker decides for all, or reads as more than a text. */
const OF_WORKER = /^(name|connector\.class|(producer|consumer|admin)\.override\..*|topic\.creation\..*)$/;

/** Settings that say where the pipeline's own database is, which its deployment makes. */
const PLACE_OF_OWN = /^database\.(hostname|port|ssl.*)$/;

/** Prefix of messages in the log of a database by which its readers come forward; they are passed on to nobody. */
const HEARTBEAT = 'millrace-heartbeat';

/** A connector. Its name is its alias among the connectors of a pipeline. */
export class Connector {
  readonly plugin: PluginName;
  readonly writes: Named<Topic>;
  readonly tables: Named<string | Table>;
  readonly config: Named<Setting | Secret>;
  /** What its author wrote, and the form that this must have. */
  readonly given: object;
  readonly form = form;

  constructor(plugin: PluginName, props: ConnectorProps) {
    this.given = { plugin, ...props };
    this.plugin = plugin;
    this.writes = props.writes;
    this.tables = props.tables;
    this.config = props.config;
  }

  /** The secrets among its settings. */
  get secrets(): Secret[] {
    return Object.values(this.config).filter((value) => value instanceof Secret);
  }

  /** Topics that it has for itself. */
  ownTopics(pipeline: string, name: string): readonly string[] {
    return PLUGINS[this.plugin].ownTopics(pipeline, name);
  }

  /** The port of the database outside that it reads; undefined where it reads the pipeline's own. */
  get databasePort(): number | undefined {
    return this.ownTables.length > 0 ? undefined : Number(this.config['database.port'] ?? 5432);
  }

  /** The pipeline's own tables among those that it reads. */
  get ownTables(): Table[] {
    return Object.values(this.tables).filter((table) => table instanceof Table);
  }

  /** The table, with its schema, by the alias of the topic that gets its changes. */
  private names(pipeline: string): Record<string, string> {
    const named = ([alias, table]: [string, string | Table]) =>
      [alias, table instanceof Table ? `${pipeline}.${table.name}` : table] as const;
    return Object.fromEntries(Object.entries(this.tables).map(named));
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

  /** All that Kafka Connect is told of it, as texts; secrets as references to files beside the worker. */
  configuration(pipeline: string, name: string): Record<string, string> {
    const { className, defaults, follow } = PLUGINS[this.plugin];
    const routes = Object.entries(this.writes).map(
      ([alias, topic]) => [`transforms.${routeOf(alias)}.replacement`, topic.name] as const,
    );
    const all: Named<Setting | Secret> = {
      ...defaults,
      ...this.config,
      ...follow(pipeline, name, this.names(pipeline)),
      ...this.signIn(pipeline),
      ...Object.fromEntries(routes),
      'connector.class': className,
    };
    const text = (value: Setting | Secret) =>
      value instanceof Secret ? `\${directory:secrets:${value.file}}` : String(value);
    return Object.fromEntries(Object.entries(all).map(([setting, value]) => [setting, text(value)]));
  }

  /** Notes what is wrong with it, once its form is right. */
  check({ name: pipeline, jobs }: { readonly name: string; readonly jobs: object }, name: string, note: Note): void {
    checkCamelCase(note, '', name);
    if (Object.hasOwn(jobs, name)) note('', 'is the name of a job too', name, 'a name of its own');
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
    this.checkOwn(pipeline, jobs, note);
    const { follow } = PLUGINS[this.plugin];
    const own = this.ownTables.length > 0;
    const followed = { ...follow(pipeline, name, this.names(pipeline)), ...this.signIn(pipeline) };
    for (const [setting, value] of Object.entries(this.config)) {
      const at = `config.${setting}`;
      if (
        OF_WORKER.test(setting) ||
        Object.hasOwn(followed, setting) ||
        (own && PLACE_OF_OWN.test(setting)) ||
        setting.startsWith(`transforms.${routeOf('')}`)
      ) {
        note(at, 'follows from the declaration', setting, 'no such setting');
      } else if (typeof value !== 'string') continue;
      else if (SECRET_NAME.test(setting) || SECRET_WITHIN.test(value)) {
        // What was written stays out of the message too.
        note(at, 'is a secret, which would stand in templates', 'a text', 'secret(name, key)');
      } else if (value.includes('${')) {
        note(at, 'would be read as a reference to a file', value, 'a text without "${", or secret(name, key)');
      }
    }
  }

  /** Notes what is wrong with the pipeline's own tables that it reads. */
  private checkOwn(pipeline: string, jobs: object, note: Note): void {
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

  /** How a mistake shows it. */
  toJSON(): string {
    return `connector ${this.plugin}`;
  }
}

/** A connector of a plugin, by the plugin's name. */
export const connector = <const W extends Named<Topic>>(plugin: PluginName, props: ConnectorProps<W>): Connector =>
  new Connector(plugin, props);
