/**
 * An invented pipeline for the tests, which plant their mistakes in it: readings of stations are sent to a topic, averaged by hour,
 * and shown. It uses all that a declaration can say, Avro and JSON, and is not in `pipelines/`, so that no test needs one of those.
 * Synthesized by `test/aws`, used as a declaration by other tests.
 */
import { days } from '../../../../lib/declaration/model.ts';
import { definePipeline } from '../../../../lib/declaration/pipeline.ts';

const oneWorker = { driver: { cores: 1, memory: 2 }, executor: { cores: 1, memory: 2 }, executors: 1 };

export default definePipeline(import.meta.url, {
  name: 'readings',
  description: 'Averages of the readings of each station, by hour.',

  topics: {
    readings: {
      name: 'plant.readings',
      partitions: 4,
      cleanup: 'delete',
      retention: days(7),
      timestamps: 'LogAppendTime',
      key: { file: 'reading-key.avsc' },
      value: { file: 'reading.avsc' },
      external: 'written',
    },
    averages: {
      name: 'plant.readings.averages',
      partitions: 2,
      cleanup: 'compact',
      key: { file: 'average-key.schema.json' },
      value: { file: 'average.schema.json' },
      external: 'read',
    },
    deadLetters: { name: 'plant.readings.dead-letters', partitions: 1, cleanup: 'delete', retention: days(7) },
  },

  files: {
    readings: {
      sample: 'readings.csv',
      separator: '|',
      schema: { file: 'readings.csv.avsc', artifact: 'plant.readings.csv' },
    },
    stations: { sample: 'stations.jsonl', schema: { file: 'station.schema.json' } },
  },

  jobs: {
    send: {
      entryPoint: 'send.py',
      mode: 'batch',
      reads: { files: ['readings'] },
      writes: { topics: ['readings'], folders: ['rejects'] },
      size: oneWorker,
      tunables: {
        rate: {
          kind: 'integer',
          default: 200,
          minimum: 0,
          maximum: 20_000,
          unit: 'readings a second',
          description: 'How fast readings are sent; 0 sends them as fast as possible.',
        },
      },
    },
    average: {
      entryPoint: 'average.py',
      mode: 'streaming',
      reads: { topics: ['readings'], files: ['stations'] },
      writes: { topics: ['averages', 'deadLetters'] },
      queries: ['averages', 'dead-letters'],
      size: { driver: { cores: 2, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 2 },
    },
    show: {
      entryPoint: 'show.py',
      mode: 'batch',
      reads: { topics: ['averages'] },
      writes: { folders: ['results'] },
      size: oneWorker,
    },
  },

  order: { kind: 'bounded', stream: 'average', during: ['send'], after: ['show'] },
});
