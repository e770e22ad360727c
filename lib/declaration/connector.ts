/** Connectors of Kafka Connect, which bring data from elsewhere to topics, or from topics to elsewhere, without code of ours: what all of them have. */
import { z } from 'zod';
import { checkCamelCase, fitting } from './checks/form.ts';
import type { Dataset } from './kinds/dataset.ts';
import type { Table } from './kinds/table.ts';
import type { Topic } from './kinds/topic.ts';
import type { Note } from './mistakes.ts';
import { PLUGINS, type PluginName, type Setting } from './plugins.ts';
import { isSecret, Secret } from './secret.ts';
import type { Named, Owner, Thing } from './thing.ts';

/** The plugin's own settings, by its own names, except those that follow from the declaration. */
export type Config = Named<Setting | Secret>;

export const pluginForm = z.enum(Object.keys(PLUGINS));

/** Form of the settings that an author makes. */
export const configForm = z.record(
  z.string(),
  fitting('is no setting', 'a text, a number, true, false or secret(name, key)', (value) =>
    value instanceof Secret ? isSecret(value) : ['string', 'number', 'boolean'].includes(typeof value),
  ),
);

/** Names of settings whose value nobody is to read in a template. */
const SECRET_NAME = /password|passwd|secret|token|credential|passphrase|private.?key|jaas/i;
/** A password within a text, such as an address. */
const SECRET_WITHIN = /\b(password|pwd|secret)=|:\/\/[^/\s:@]+:[^/\s@]+@/i;
/** What a worker decides for all, or reads as more than a text. */
const OF_WORKER = /^(name|connector\.class|(producer|consumer|admin)\.override\..*|topic\.creation\..*)$/;

/** A connector. Its name is its alias among the connectors of a pipeline. */
export abstract class Connector {
  readonly plugin: PluginName;
  /** Topics that it reads. */
  readonly reads: Named<Topic>;
  readonly writes: Named<Topic | Dataset>;
  /** What it reads in databases, by the alias of the topic that gets the changes: a table of the pipeline, or the name of another. */
  readonly tables: Named<string | Table>;
  readonly config: Config;
  /** What its author wrote, and the form that this must have. */
  readonly given: object;
  readonly form: z.ZodType;

  constructor(
    plugin: PluginName,
    form: z.ZodType,
    props: {
      readonly reads?: Named<Topic>;
      readonly writes: Named<Topic | Dataset>;
      readonly tables?: Named<string | Table>;
      readonly config?: Config;
    },
  ) {
    this.given = { plugin, ...props };
    this.form = form;
    this.plugin = plugin;
    this.reads = props.reads ?? {};
    this.writes = props.writes;
    this.tables = props.tables ?? {};
    this.config = props.config ?? {};
  }

  /** Its name in Kafka Connect. */
  id(_pipeline: string, name: string): string {
    return name;
  }

  /** Topics that it has for itself. */
  abstract ownTopics(pipeline: string, name: string): readonly Topic[];

  /** Settings that follow from the declaration, which nobody else may make. */
  protected abstract followed(pipeline: Owner, name: string): Config;

  /** Whether a setting is of those that follow, where these are more than their names. */
  protected abstract isFollowed(setting: string): boolean;

  /** Notes what is wrong with what only such a connector has. */
  protected abstract checkOwn(pipeline: Owner & { readonly jobs: object }, name: string, note: Note): void;

  /** The secrets among its settings. */
  get secrets(): Secret[] {
    return Object.values(this.config).filter((value) => value instanceof Secret);
  }

  /** The port of the database outside that it reads; undefined where it reads none. */
  get databasePort(): number | undefined {
    return undefined;
  }

  /** The pipeline's own tables among those that it reads. */
  get ownTables(): Table[] {
    return [];
  }

  /** The dataset that it writes. */
  get dataset(): Dataset | undefined {
    return undefined;
  }

  /** All that Kafka Connect is told of it, as texts; secrets as references to files beside the worker. */
  configuration(pipeline: Owner, name: string): Record<string, string> {
    const { className, defaults } = PLUGINS[this.plugin];
    const all: Config = {
      ...defaults,
      ...this.config,
      ...this.followed(pipeline, name),
      'connector.class': className,
    };
    const text = (value: Setting | Secret) =>
      value instanceof Secret ? `\${directory:secrets:${value.file}}` : String(value);
    return Object.fromEntries(Object.entries(all).map(([setting, value]) => [setting, text(value)]));
  }

  /** Notes what is wrong with it, once its form is right. */
  check(pipeline: Owner & { readonly jobs: object }, name: string, note: Note): void {
    checkCamelCase(note, '', name);
    if (Object.hasOwn(pipeline.jobs, name)) note('', 'is the name of a job too', name, 'a name of its own');
    this.checkOwn(pipeline, name, note);
    const followed = this.followed(pipeline, name);
    for (const [setting, value] of Object.entries(this.config)) {
      const at = `config.${setting}`;
      if (OF_WORKER.test(setting) || Object.hasOwn(followed, setting) || this.isFollowed(setting)) {
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

/** Whether a value is a thing that connectors write. */
export const isOneOf =
  <T extends Thing>(...types: readonly (abstract new (...args: never[]) => T)[]) =>
  (value: unknown): value is T =>
    types.some((type) => value instanceof type);
