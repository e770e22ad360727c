/** What a stream takes at 1,000 sales a second with its usual trigger: memory of each part, processor time, and dollars at list prices. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../../../../../bench/rows.ts';
import { DEFAULT_TRIGGER_SECONDS as triggerSeconds } from '../../../../../lib/declaration/common.ts';
import { loadPipelines } from '../../../../../lib/declaration/load.ts';
import { serviceStatus } from '../../../../../local/services/services.ts';
import { demoRunOf } from '../../../../../tools/cost/demo-run.ts';
import { PRICES } from '../../../../../tools/cost/prices.ts';
import { BATCH_REQUESTS } from '../../../../../tools/cost/s3-requests.ts';
import { client } from '../latency/latency.ts';
import { megabytesOf, type Stage } from '../stage.ts';

const perSecond = 1_000;
const million = 1_000_000;

export async function resources(stage: Stage, quick: boolean): Promise<Row[]> {
  const topics = await stage.topics('resources');
  const running = await stage.stream({ topics, security: 'none', optimized: true, triggerSeconds });
  const seconds = quick ? 15 : 60;
  await client(stage, { topics, running }, seconds, 0);
  await sleep(triggerSeconds * 1000);
  const before = running.cpuSeconds();
  await client(stage, { topics, running }, seconds, 0);
  const cpu = ((running.cpuSeconds() - before) * million) / (seconds * perSecond);
  const job = running.megabytes();
  await running.stop();
  const services = (['kafka', 'registry', 'iam'] as const).map((name) => {
    const { pid } = serviceStatus(stage.stack.folders, name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    return [name, megabytesOf(pid)] as const;
  });
  const memory = [...services, ['one job', job] as const];
  const all = memory.reduce((sum, [, each]) => sum + each, 0);
  const row = (metric: string, unit: string, value: number): Row => ({ metric, unit, ours: [value] });
  return [
    ...memory.map(([name, each]) => row(`memory of ${name}`, 'MiB', each)),
    { ...row('memory of all', 'MiB', all), goal: { of: 'ours', atMost: 4_096 } },
    row('processor time of a million sales at 1,000/s', 's', cpu),
    ...(await dollars(cpu)),
  ];
}

/** A million sales at this pace, with the workers that the pipeline declares, which are paid whether they work or not. */
async function dollars(cpu: number): Promise<Row[]> {
  const sales = (await loadPipelines()).find(({ name }) => name === 'sales');
  const stream = sales && demoRunOf(sales).jobs.find(({ name }) => name === 'enrich');
  if (!stream) return [];
  const hours = million / perSecond / 3_600;
  const batches = million / perSecond / triggerSeconds;
  const workers = hours * (stream.cores * PRICES.sparkCore.dollars + stream.memory * PRICES.sparkMemory.dollars);
  const { writing, reading } = BATCH_REQUESTS;
  const requests = batches * (writing * PRICES.request.dollars + reading * PRICES.readRequest.dollars);
  const used = (cpu / 3_600) * PRICES.sparkCore.dollars;
  const cost = (metric: string, value: number): Row => ({ metric, unit: 'dollars', ours: [value] });
  return [
    cost(`a million sales: ${stream.cores} vCPU and ${stream.memory} GB for ${(hours * 60).toFixed(1)} min`, workers),
    cost(`a million sales: S3, ${batches} batches of ${writing} + ${reading} requests`, requests),
    { ...cost('a million sales, both', workers + requests), goal: { of: 'ours', atMost: 0.29 } },
    cost('a million sales, only the vCPU seconds that worked', used),
  ];
}
