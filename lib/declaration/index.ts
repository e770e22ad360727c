/** The words in which a pipeline is declared. */
export { sendingParameters, streamParameters } from './common.ts';
export { connector } from './connectors/index.ts';
export { days, hours } from './event-time.ts';
export { batch, oneWorker, stream } from './job.ts';
export { dataset } from './kinds/dataset.ts';
export { feed } from './kinds/feed.ts';
export { csv, jsonLines } from './kinds/file.ts';
export { folder, standingFolder } from './kinds/folder.ts';
export { items } from './kinds/items.ts';
export { latest } from './kinds/lookup.ts';
export { source } from './kinds/source.ts';
export { postgres, table } from './kinds/table.ts';
export { deadLettersOf, events, replaysOf, topic } from './kinds/topic.ts';
export { decimal, instant, integer, text } from './parameter.ts';
export { pipeline } from './pipeline.ts';
export { schedule } from './schedule.ts';
export { avro, jsonSchema } from './schema.ts';
export { secret } from './secret.ts';
