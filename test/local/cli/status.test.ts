/** What `millrace status` says of services, pipelines and executions. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { status } from '../../../local/cli/status.ts';
import type { Home } from '../../../local/home.ts';
import { identityOf, residentMemory } from '../../../local/services/process.ts';
import { Executions } from '../../../local/stepfunctions/executions.ts';
import { tinyPipeline, tinyProject } from '../../lib/declaration/tiny-pipeline.ts';
import { deploymentOf, temporaryHome } from '../support/deployed-words.ts';

tinyProject();

let home: Home;
let executions: Executions;

beforeEach(() => {
  home = temporaryHome();
  executions = new Executions(home.executions);
});

/** Writes down that the pipeline is deployed. */
function deployed(): void {
  const { resources, deployedAt } = deploymentOf(tinyPipeline());
  const stored = resources.map((one) => [one.logicalId, { ...one, dependsOn: [], retain: false }]);
  const stack = {
    path: 'dev/tiny',
    status: 'complete',
    resources: Object.fromEntries(stored),
    outputs: {},
    exports: {},
  };
  const state = { version: 1, environment: 'dev', deployedAt, stacks: { 'dev/tiny': { ...stack, replaced: [] } } };
  writeFileSync(join(home.state, 'dev.json'), JSON.stringify(state));
}

const begin = (name: string) =>
  executions.create({ arn: `arn:${name}`, name, pipeline: 'tiny', stateMachineArn: 'arn', input: {} }, '{}');

async function told(json = false): Promise<string[]> {
  const printed: string[] = [];
  expect(await status({ home, json, print: (text: string) => void printed.push(text) } as never)).toBe(0);
  return printed;
}

test('without a deployment it says how to get one', async () => {
  expect((await told()).at(-1)).toBe('Nothing is deployed. Run "npx millrace up".');
});

test('a pipeline that never ran is told with the command that runs it', async () => {
  deployed();
  expect((await told()).slice(-2)).toEqual([
    'deployed   2026-01-31T13:00:00.000Z',
    'tiny       never run; "npx millrace run tiny"',
  ]);
});

test('the execution that runs is told, not one that was refused beside it', async () => {
  deployed();
  executions.finish(begin('20260131130000-aaaa'), { status: 'SUCCEEDED', output: {} });
  begin('20260131130001-bbbb');
  executions.finish(begin('20260131130002-cccc'), { status: 'FAILED', error: 'PipelineBusy', cause: 'Busy.' });
  expect((await told()).at(-1)).toBe('tiny       last execution 20260131130001-bbbb RUNNING');
  const [{ pipelines }] = (await told(true)).map((text) => JSON.parse(text)) as [{ pipelines: object[] }];
  expect(pipelines).toMatchObject([{ name: 'tiny', lastExecution: { status: 'RUNNING' } }]);
});

test('a service that runs is told with its address, its process and its memory in MiB', async () => {
  const words = ['-e', 'console.log("ready"); setInterval(() => {}, 2 ** 30)'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill());
  await once(child.stdout, 'data');
  const identity = { ...identityOf(child.pid), startedAt: '2026-01-31T13:00:00.000Z' };
  const folder = join(home.services, 'registry');
  mkdirSync(folder, { recursive: true });
  const record = { ports: { api: 8081, management: 9001 }, process: identity };
  writeFileSync(join(folder, 'service.json'), JSON.stringify(record));
  const mebibytes = () => Math.round((residentMemory(child.pid ?? 0) ?? 0) / 2 ** 20);
  const before = mebibytes();
  const line = (await told()).find((one) => one.startsWith('registry'));
  const lines = [before, mebibytes()].map(
    (size) => `registry   running   http://127.0.0.1:8081  pid ${child.pid}  ${size} MB`,
  );
  expect(lines).toContain(line);
});
