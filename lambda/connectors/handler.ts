/** Lambda behind `Custom::KafkaConnectors`, the connectors of one pipeline. */
import { answering, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { NoAnswer, type Rest, restClient } from '../custom-resource/rest.ts';
import { bringConnectors, removeConnectors } from './connectors.ts';
import { readDeclared } from './declared.ts';

/** A worker whose task was just started loads its archives first; the function has ten minutes. */
export const startingMs = 6 * 60_000;
/** Its service goes next, and its connectors with it. */
export const leavingMs = 30_000;

export const onEvent = answering(async (event: LifecycleEvent): Promise<LifecycleAnswer> => {
  const { RequestType: type, PhysicalResourceId: id, ResourceProperties: properties } = event;
  if (type === 'Delete') {
    const rest = clientOf(String(properties.Url), leavingMs);
    await removeConnectors(rest).catch((error: unknown) => {
      if (!(error instanceof NoAnswer)) throw error;
    });
    return { PhysicalResourceId: id ?? 'connectors' };
  }
  const { pipeline, url, connectors } = readDeclared(properties);
  await bringConnectors(clientOf(url, startingMs), connectors);
  // Kept through every update: another id would make CloudFormation delete the connectors of the old one.
  return { PhysicalResourceId: id ?? `connectors/${pipeline}`, Data: { Count: String(connectors.length) } };
});

const clientOf = (url: string, ms: number): Rest =>
  restClient({
    title: 'Kafka Connect',
    url,
    // Nobody is there yet, it is still starting, or its workers are dividing their work.
    starting: [409, 502, 503, 504],
    startingMs: ms,
  });
