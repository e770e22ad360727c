/** `--dry-run`: what an execution would start, by the prepare function that is deployed. */
import { readdirSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { Spec } from '../../../lib/declaration/spec.ts';
import { dryRun } from '../../../local/cli/dry-run.ts';
import { deploymentOf, installPrepare, temporaryHome, writeParameters } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const home = temporaryHome();
const deployment = deploymentOf(wordsPipeline().pipeline);

beforeAll(() => {
  writeParameters(home);
  return installPrepare(home);
});

async function shown(input: Parameters<typeof dryRun>[2], json: boolean): Promise<string> {
  const lines: string[] = [];
  const context = { home, json, signal: new AbortController().signal, print: (text: string) => void lines.push(text) };
  expect(await dryRun(context, 'tiny', input, deployment)).toBe(0);
  return lines.join('\n');
}

interface Shown {
  readonly action: string;
  readonly after: readonly { readonly run: string; readonly entryPoint: string; readonly spec: unknown }[];
  readonly during: Shown['after'];
  readonly drains: Shown['after'];
}

test('the spec of each job is printed with the values of the input, and nothing is started', async () => {
  const { action, during, drains } = JSON.parse(await shown({ lineCount: 3 }, true)) as Shown;
  expect(action).toBe('run');
  expect(during).toMatchObject([
    { run: 'send', entryPoint: 's3://assets/send.1.py', spec: { parameters: { lineCount: 3 } } },
  ]);
  expect(drains).toMatchObject([{ run: 'countDrain', spec: { job: 'count', mode: 'drain' } }]);
  for (const { spec } of [...during, ...drains]) expect(Spec.safeParse(spec).error).toBeUndefined();
  expect(readdirSync(home.jobRuns)).toEqual([]);
});

test('for people each has its place in the order and its script', async () => {
  expect(await shown({ job: 'show' }, false)).toMatch(
    /^tiny: job, which would start\n\nshow \(after\) {2}s3:\/\/assets\/show\.1\.py\n\{\n {2}"pipeline": "tiny",/,
  );
});

test('a mistake in the input is told in the words of the deployed function', async () => {
  await expect(shown({ lineCuont: 3 }, false)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('Unknown name "lineCuont" in the input'),
  });
});

test('a pipeline that is not deployed needs up', async () => {
  const context = { home, json: false, signal: new AbortController().signal, print: () => {} };
  await expect(dryRun(context, 'other', {}, deployment)).rejects.toThrow(
    /"other" is not deployed here\. Run "npx millrace up"/,
  );
});
