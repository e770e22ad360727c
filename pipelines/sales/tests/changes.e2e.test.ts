/** Changes of the declaration and of the state machine, made in a copy of the checkout: what is declared is what runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Checkout } from '../../../test/e2e/checkout.ts';
import { Machine } from '../../../test/e2e/cli.ts';
import { describeTopic } from '../../../test/support/kafka.ts';

const checkout = new Checkout();
const machine = new Machine(checkout.root);
let bootstrapServers: string;

beforeAll(async () => {
  ({
    kafka: { bootstrapServers },
  } = await machine.json<{ kafka: { bootstrapServers: string } }>('up', 'sales'));
});
afterAll(async () => {
  await machine.remove();
  checkout.remove();
});

describe('after a change', () => {
  test('of a topic’s retention, the broker has it, and a broken state machine does not run', async () => {
    checkout.edit(
      'pipelines/sales/pipeline.ts',
      'deadLettersOf(sales)',
      'deadLettersOf(sales, { retention: days(3) })',
    );
    checkout.edit('lib/constructs/workflow/jobs.ts', /startJobRun\.sync/, 'startJobRun.synk');
    const { code, stderr } = await machine.run('up', 'sales');
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
    checkout.edit('pipelines/sales/pipeline.ts', "'enrich.py'", "'enrico.py'");
    const { code, stderr } = await machine.run('up', 'sales');
    expect(code).toBe(1);
    expect(deployed()).toBe(before);
    expect(stderr).toMatch(/sales\.jobs\.enrich\.entryPoint: does not exist; got .*enrico\.py/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
