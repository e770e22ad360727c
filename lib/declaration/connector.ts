/** Connectors of Kafka Connect, which bring data from elsewhere to topics without code of ours. */
import { z } from 'zod';
import { checkCamelCase, fitting, made } from './checks/form.ts';
import { Topic } from './kinds/topic.ts';
import type { Note } from './mistakes.ts';
import { connectorSlot } from './names.ts';
import { PLUGINS, type PluginName, routeOf, type Setting } from './plugins.ts';
import type { Named } from './thing.ts';

/** A value that is never written down: what AWS Secrets Manager holds under a name, or a file of this machine. */
export class Secret {
  readonly name: string;
  readonly key: string;

  constructor(name: string, key: string) {
    this.name = name;
    this.key = key;
  }

  /** Name of the file that holds it beside a worker. */
  get file(): string {
    return `${this.name.replaceAll('/', '.')}.${this.key}`;
  }

  /** How a mistake shows it. */
  toJSON(): string {
    return `secret ${this.name}, ${this.key}`;
  }
}

/** A secret by its name in AWS Secrets Manager, and the key of the text in it. */
export const secret = (name: string, key: string): Secret => new Secret(name, key);

export interface ConnectorProps<W extends Named<Topic> = Named<Topic>> {
  /** Topics that it writes, by alias. */
  readonly writes: W;
  /** The table, with its schema, whose changes each topic gets, by the topic's alias. */
  readonly tables: { readonly [alias in keyof W]: string };
  /** The plugin's own settings, by its own names, except those that follow from the declaration. */
  readonly config: Named<Setting | Secret>;
}

const form = z.strictObject({
  plugin: z.enum(Object.keys(PLUGINS)),
  writes: z.record(z.string(), made(Topic, 'a topic made by topic(...)')),
  tables: z.record(
    z.string(),
    fitting(
      'is not the name of a table',
      'schema.table, of letters, digits and _',
      (table) => typeof table === 'string' && /^\w+\.\w+$/.test(table),
      'string',
    ),
  ),
  config: z.record(
    z.string(),
    fitting('is no setting', 'a text, a number, true, false or secret(name, key)', (value) =>
      value instanceof Secret ? isSecret(value) : ['string', 'number', 'boolean'].includes(typeof value),
    ),
  ),
} satisfies Record<keyof ConnectorProps | 'plugin', z.ZodType>);

const isSecret = ({ name, key }: Secret): boolean =>
  /^[\w/+=.@-]{1,512}$/.test(String(name)) && /^[\w.-]{1,128}$/.test(String(key));

/** Names of settings whose value nobody is to read in a template. */
const SECRET_NAME = /password|passwd|secret|token|credential|passphrase|private.?key|jaas/i;
/** A password within a text, such as an address. */
const SECRET_WITHIN = /\b(password|pwd|secret)=|:\/\/[^/\s:@]+:[^/\s@]+@/i;
/** What a worker decides for all, or reads as more than a text. */
const OF_WORKER = /^(name|connector\.class|(producer|consumer|admin)\.override\..*|topic\.creation\..*)$/;

/** A connector. Its name is its alias among the connectors of a pipeline. */
export class Connector {
  readonly plugin: PluginName;
  readonly writes: Named<Topic>;
  readonly tables: Named<string>;
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

  /** The port of the database that it reads. */
  get databasePort(): number {
    return Number(this.config['database.port'] ?? 5432);
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
      ...follow(pipeline, name, this.tables),
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
    const { follow } = PLUGINS[this.plugin];
    const followed = follow(pipeline, name, this.tables);
    for (const [setting, value] of Object.entries(this.config)) {
      const at = `config.${setting}`;
      if (
        OF_WORKER.test(setting) ||
        Object.hasOwn(followed, setting) ||
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

  /** How a mistake shows it. */
  toJSON(): string {
    return `connector ${this.plugin}`;
  }
}

/** A connector of a plugin, by the plugin's name. */
export const connector = <const W extends Named<Topic>>(plugin: PluginName, props: ConnectorProps<W>): Connector =>
  new Connector(plugin, props);
