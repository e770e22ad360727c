/** The connectors that the properties of a `Custom::KafkaConnectors` resource declare. */
import { isObject } from '../../lib/declaration/json.ts';
import { type LifecycleEvent, shown } from '../custom-resource/lifecycle.ts';
import { refuse, textsOf, twice } from '../custom-resource/properties.ts';

export interface DeclaredConnector {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

/** One resource: the connectors of a pipeline, and where their worker answers. */
export interface DeclaredConnectors {
  readonly pipeline: string;
  readonly url: string;
  readonly connectors: readonly DeclaredConnector[];
}

export function readDeclared(properties: LifecycleEvent['ResourceProperties']): DeclaredConnectors {
  const mistakes: string[] = [];
  const text = textsOf(properties, mistakes);
  const pipeline = text('Pipeline');
  const url = text('Url', (value) => (/^https?:\/\/\S+$/.test(value) ? undefined : 'an address is needed'));
  const { Connectors: list } = properties;
  if (!Array.isArray(list)) mistakes.push(`Connectors: ${shown(list)} was given, a list is needed`);
  const connectors = (Array.isArray(list) ? list : []).map((item, index) => {
    const given = isObject(item) ? item : {};
    const where = given.Name ? `connector ${given.Name}` : `Connectors[${index}]`;
    const name = textsOf(given, mistakes, where)('Name');
    const config = isObject(given.Config) ? given.Config : {};
    if (!config['connector.class']) mistakes.push(`${where}: Config names no connector.class`);
    return { name, config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)])) };
  });
  for (const name of twice(connectors.map((one) => one.name))) mistakes.push(`connector ${name} is declared twice`);
  refuse('connectors', mistakes);
  return { pipeline, url, connectors };
}
