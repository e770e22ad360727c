/**
 * An invented pipeline for the tests, which plant their mistakes in it: readings of stations are sent to a topic, averaged by hour,
 * and shown. It uses all that a declaration can say, Avro and JSON, and is not in `pipelines/`, so that no test needs one of those.
 * Synthesized by `test/aws`, used as a declaration by other tests.
 */
import {
  avro,
  batch,
  csv,
  dataset,
  days,
  deadLettersOf,
  folder,
  integer,
  jsonLines,
  jsonSchema,
  pipeline,
  stream,
  topic,
} from '../../../../lib/declaration/index.ts';

const readingsFile = csv('readings.csv', '|', avro('readings.csv.avsc', 'plant.readings.csv'));
const stations = jsonLines('stations.jsonl', jsonSchema('station.schema.json'));

const readings = topic('plant.readings', {
  partitions: 4,
  retention: days(7),
  timestamps: 'LogAppendTime',
  key: avro('reading-key.avsc'),
  value: avro('reading.avsc'),
  external: 'written',
});
const averages = topic('plant.readings.averages', {
  partitions: 2,
  cleanup: 'compact',
  key: jsonSchema('average-key.schema.json'),
  value: jsonSchema('average.schema.json'),
  external: 'read',
});
const deadLetters = deadLettersOf(readings);

const send = batch('send.py', {
  reads: { readings: readingsFile },
  writes: { readings, rejects: folder('rejects') },
  parameters: {
    rate: integer({
      default: 200,
      minimum: 0,
      maximum: 20_000,
      unit: 'readings a second',
      description: 'How fast readings are sent; 0 sends them as fast as possible.',
    }),
  },
});

const average = stream('average.py', {
  reads: { readings, stations },
  writes: { averages, deadLetters },
  windows: { minutes: 60 },
  keys: 100,
  size: { driver: { cores: 2, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 2 },
});

const history = dataset('history', { schema: jsonSchema('average.schema.json'), partitionBy: ['days(hour)'] });

const show = batch('show.py', { reads: { averages }, writes: { results: folder('results'), history } });

export default pipeline(import.meta.url, {
  description: 'Averages of the readings of each station, by hour.',
  jobs: { send, average, show },
});
