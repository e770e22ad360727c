/** What `npm run bench` measures of this pipeline: on one deployment, which is brought up when the first of them asks for it. */
import type { Benchmark, Conditions } from '../../../../bench/benchmark.ts';
import type { Row } from '../../../../bench/rows.ts';
import { demo } from './demo/demo.ts';
import { latency } from './latency/latency.ts';
import { pacing } from './pacing/pacing.ts';
import { resources } from './resources/resources.ts';
import { sender } from './sender/sender.ts';
import { Stage } from './stage.ts';
import { batches, partitions, throughput } from './throughput/throughput.ts';

let stage: Stage | undefined;

const onStage =
  (measure: (stage: Stage, quick: boolean) => Promise<Row[]>) =>
  async ({ quick, atEnd }: Conditions): Promise<Row[]> => {
    if (!stage) {
      const begun = new Stage();
      // Before it is up: what is interrupted in between must not stay either.
      atEnd(() => begun.close());
      await begun.stack.up();
      stage = begun;
    }
    return measure(stage, quick);
  };

const all: readonly Benchmark[] = [
  { name: 'latency', measure: onStage(latency) },
  { name: 'sender', measure: onStage(sender) },
  { name: 'throughput', isLong: true, measure: onStage(throughput) },
  { name: 'batches', isLong: true, measure: onStage(batches) },
  { name: 'partitions', isLong: true, measure: onStage(partitions) },
  { name: 'pacing', measure: onStage(pacing) },
  { name: 'demo', isLong: true, measure: onStage(demo) },
  { name: 'resources', measure: onStage(resources) },
];
export default all;
