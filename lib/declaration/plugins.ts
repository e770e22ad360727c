/**
 * The plugins of Kafka Connect that a connector may be of: the class of each, the folders of `build` with its archives, and what its connectors are told unless their
 * author says otherwise. The list is closed, since each comes with pinned archives (`jgo.toml`).
 */
import type { Named } from './thing.ts';

/** A setting of a connector as its author writes it, secrets apart. */
export type Setting = string | number | boolean;

export interface Plugin {
  readonly className: string;
  /** Folders of `build` with its archives. */
  readonly jars: readonly string[];
  /** Settings that its author may change. */
  readonly defaults: Named<Setting>;
}

/** Changes of tables of PostgreSQL, by logical replication. */
const debeziumPostgres: Plugin = {
  className: 'io.debezium.connector.postgresql.PostgresConnector',
  jars: ['debezium-postgres-jars'],
  defaults: {
    'heartbeat.interval.ms': 10_000,
    'publication.autocreate.mode': 'filtered',
    'transforms.unwrap.delete.tombstone.handling.mode': 'tombstone',
  },
};

/** Records of topics, appended to a dataset. */
const icebergSink: Plugin = {
  className: 'millrace.connect.DatasetSink',
  jars: ['iceberg-sink-jars', 'iceberg-sink-classes'],
  defaults: {
    'tasks.max': 1,
    // Each commit makes a file for each division and writes the list of all states anew.
    'iceberg.control.commit.interval-ms': 300_000,
    // What a file holds back in memory before it writes; Iceberg's 128 MiB are for machines of another size.
    'iceberg.tables.write-props.write.parquet.row-group-size-bytes': 8 * 2 ** 20,
  },
};

export const PLUGINS = {
  'debezium-postgres': debeziumPostgres,
  'iceberg-sink': icebergSink,
} as const satisfies Named<Plugin>;

/** Beginnings of settings that plugins pass on to parts of theirs, whose names no definition lists. */
export const PASSED_ON =
  /^(topic\.|driver\.|signal\.|notification\.|column\.|snapshot\.select\.statement\.overrides\.|(key|value|header)\.converter\.|predicates\.|iceberg\.(catalog|hadoop|kafka|tables\.write-props)\.)/;

export type PluginName = keyof typeof PLUGINS;
