/** Connectors by their plugins. */
import type { Connector } from '../connector.ts';
import type { Topic } from '../kinds/topic.ts';
import type { PluginName } from '../plugins.ts';
import type { Named } from '../thing.ts';
import { PostgresSource, type PostgresSourceProps } from './debezium-postgres.ts';
import { IcebergSink, type IcebergSinkProps } from './iceberg-sink.ts';

/** A connector that publishes the changes of tables of PostgreSQL. */
export function connector<const W extends Named<Topic>>(
  plugin: 'debezium-postgres',
  props: PostgresSourceProps<W>,
): Connector;
/** A connector that appends the records of topics to a dataset, each once. */
export function connector(plugin: 'iceberg-sink', props: IcebergSinkProps): Connector;
export function connector(plugin: PluginName, props: PostgresSourceProps | IcebergSinkProps): Connector {
  // Another word is told by the form of either.
  const Made: new (plugin: PluginName, props: never) => Connector =
    plugin === 'iceberg-sink' ? IcebergSink : PostgresSource;
  return new Made(plugin, props as never);
}
