/**
 * The plugins of Kafka Connect that a connector may be of: the class of each, the folder of `build` with its archives, and what it is told because of the declaration.
 * The list is closed, since each comes with pinned archives (`jgo.toml`).
 */
import { connectorSlot, heartbeatTopic } from './names.ts';
import type { Named } from './thing.ts';

/** A setting of a connector as its author writes it, secrets apart. */
export type Setting = string | number | boolean;

export interface Plugin {
  readonly className: string;
  /** Folder of `build` with its archives. */
  readonly jars: string;
  /** Settings that its author may change. */
  readonly defaults: Named<Setting>;
  /** Settings that follow from the declaration, which nobody else may make. */
  readonly follow: (pipeline: string, name: string, tables: Named<string>) => Named<Setting>;
  /** Topics besides those declared that its connectors write. */
  readonly ownTopics: (pipeline: string, name: string) => readonly string[];
}

/** Name of the transformation that leads the changes of a table to a topic. */
export const routeOf = (alias: string): string => `to_${alias}`;

/** A regular expression that matches just this text, in the words of Java. */
const exactly = (text: string): string => text.replace(/[.\\+*?[^\]$(){}|]/g, '\\$&');

/**
 * Changes of tables of PostgreSQL, by logical replication: each row as it is after the change, under its key, and a tombstone where it was deleted. One slot and one
 * publication for each connector.
 */
const debeziumPostgres: Plugin = {
  className: 'io.debezium.connector.postgresql.PostgresConnector',
  jars: 'debezium-postgres-jars',
  defaults: {
    'heartbeat.interval.ms': 10_000,
    'publication.autocreate.mode': 'filtered',
    'transforms.unwrap.delete.tombstone.handling.mode': 'tombstone',
  },
  follow: (pipeline, name, tables) => {
    const prefix = `${pipeline}.${name}`;
    const routes = Object.entries(tables);
    const route = ([alias, table]: [string, string]) => [
      [`transforms.${routeOf(alias)}.type`, 'org.apache.kafka.connect.transforms.RegexRouter'],
      [`transforms.${routeOf(alias)}.regex`, exactly(`${prefix}.${table}`)],
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
    };
  },
  ownTopics: (pipeline, name) => [heartbeatTopic(pipeline, name)],
};

export const PLUGINS = { 'debezium-postgres': debeziumPostgres } as const satisfies Named<Plugin>;

/** Beginnings of settings that plugins pass on to parts of theirs, whose names no definition lists. */
export const PASSED_ON =
  /^(topic\.|driver\.|signal\.|notification\.|column\.|snapshot\.select\.statement\.overrides\.|(key|value|header)\.converter\.|predicates\.)/;

export type PluginName = keyof typeof PLUGINS;
