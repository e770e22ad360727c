/** Changes of the declaration and of the state machine, made in a copy of the checkout: what is declared is what runs. */
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../../local/home.ts';
import { Machine } from '../../../test/e2e/cli.ts';
import { describeTopic } from '../../../test/support/kafka.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-checkout-'));
const machine = new Machine(root);
let bootstrapServers: string;

function edit(file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(root, file), 'utf8');
  const after = before.replace(from, to);
  expect(after, `${file} holds ${from}`).not.toBe(before);
  writeFileSync(join(root, file), after);
}

beforeAll(async () => {
  const left = new Set(['node_modules', '.git', '.millrace', 'cdk.out', 'build', 'docs', 'test', 'bench']);
  cpSync(projectRoot, root, { recursive: true, filter: (path) => !left.has(relative(projectRoot, path)) });
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  cpSync(join(projectRoot, 'build'), join(root, 'build'), { recursive: true });
  ({
    kafka: { bootstrapServers },
  } = await machine.json<{ kafka: { bootstrapServers: string } }>('up'));
});
afterAll(() => machine.remove());

describe('after a change', () => {
  test('of a topic’s retention, the broker has it, and a broken state machine does not run', async () => {
    edit('pipelines/sales/pipeline.ts', 'deadLettersOf(sales)', 'deadLettersOf(sales, { retention: days(3) })');
    edit('lib/constructs/workflow/jobs.ts', /startJobRun\.sync/, 'startJobRun.synk');
    const { code, stderr } = await machine.run('up');
    expect(code, stderr).toBe(0);
    const topic = await describeTopic(bootstrapServers, 'pagila.sales.dead-letters');
    expect(topic?.settings['retention.ms']).toBe(String(3 * 86_400_000));
    const run = await machine.run('run', 'sales');
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/INVALID_DEFINITION[\s\S]*startJobRun\.synk/);
  });

  test('that breaks the declaration, up says where and changes nothing', async () => {
    const deployed = () => readFileSync(join(machine.home, 'state', 'dev.json'), 'utf8');
    const before = deployed();
    edit('pipelines/sales/pipeline.ts', "'enrich.py'", "'enrico.py'");
    const { code, stderr } = await machine.run('up');
    expect(code).toBe(1);
    expect(deployed()).toBe(before);
    expect(stderr).toMatch(/sales\.jobs\.enrich\.entryPoint: does not exist; got .*enrico\.py/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
