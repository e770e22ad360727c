/** This project beside the way of public demonstrations: a Spark write for each row, and all windows written anew every two minutes. */

import type { Row } from '../../../../../bench/rows.ts';
import { client } from '../latency/latency.ts';
import { send, sendBy } from '../sender/sender.ts';
import type { Stage } from '../stage.ts';

export async function demo(stage: Stage, quick: boolean): Promise<Row[]> {
  const [rounds, many, few] = quick ? [1, 1_000_000, 30] : [3, 5_000_000, 100];
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await send(stage, await stage.topics('demo'), many));
    const entryPoint = new URL('one_by_one.py', import.meta.url);
    values.push(await sendBy(stage, await stage.topics('demo'), { rows: few, rate: 0, entryPoint }));
  }
  const beside = { name: 'a Spark write for each row', values };
  const sent: Row = { metric: 'sender', unit: 'sales/s', ours, beside, goal: { of: 'ratio', atLeast: 1_000 } };
  return quick ? [sent] : [sent, await waits(stage)];
}

async function waits(stage: Stage): Promise<Row> {
  const measured = async (seconds: number, entryPoint?: URL) => {
    const topics = await stage.topics('demo');
    const running = await stage.stream({ topics, security: 'none', optimized: true, entryPoint });
    const { p50 } = await client(stage, { topics, running }, seconds, 10);
    await running.stop();
    return p50;
  };
  const ours = [await measured(60)];
  const values = [await measured(130, new URL('complete.py', import.meta.url))];
  const beside = { name: 'complete mode every 2 minutes', values };
  // As a ratio of times it is to be small: a twentieth.
  return { metric: 'event -> summary, p50', unit: 'ms', ours, beside, goal: { of: 'ratio', atMost: 0.05 } };
}
