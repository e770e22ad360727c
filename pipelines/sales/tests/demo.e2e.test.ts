/**
 * The sales pipeline from an empty home to results, by the command line alone, against an oracle that shares nothing with it. Then commands that are
 * ended from outside: nothing is left running, and the next command goes on with what the topics hold.
 */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Executions } from '../../../local/stepfunctions/executions.ts';
import { type Command, Machine, python, until } from '../../../test/e2e/cli.ts';
import { Watched } from '../../../test/e2e/watched.ts';
import { makeData } from './data.ts';

interface Up {
  readonly kafka: { readonly bootstrapServers: string; readonly iamBootstrapServers: string };
  readonly registry: { readonly url: string };
  readonly started: string[];
}

interface RunResult {
  readonly execution: { readonly name: string; readonly status: string };
  readonly report: string;
  readonly results: readonly {
    readonly region: string;
    readonly window_start: string;
    readonly sales: string;
    readonly orders: number;
  }[];
  readonly accounts: readonly { readonly line: string; readonly rejectedByReason: object }[];
}

interface Facts {
  readonly sources: number;
  readonly good: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly problems: string[];
  readonly table: readonly (string | number)[][];
}

const data = makeData(1_000);
const machine = new Machine();
let up: Up;
let page: Watched | undefined;

const ask = <T>(script: string, ...words: string[]) =>
  python<T>(
    new URL(script, import.meta.url),
    '--bootstrap',
    up.kafka.bootstrapServers,
    '--registry',
    up.registry.url,
    ...words,
  );
const oracle = () => ask<Facts>('oracle.py', '--regions', join(data.folder, 'regions.csv'));

beforeAll(async () => {
  up = await machine.json<Up>('up');
});
afterAll(async () => {
  await page?.close();
  await machine.remove();
});

describe('the sales pipeline', () => {
  test('is up again without a change when nothing changed', async () => {
    const { code, stderr } = await machine.run('up');
    expect(code).toBe(0);
    expect(stderr).toMatch(/0 created, 0 updated, 0 deleted/);
  });

  test('refuses mistakes of its user before anything is started', async () => {
    const broken = mkdtempSync(join(tmpdir(), 'broken-'));
    writeFileSync(join(broken, 'sales.csv'), 'payment_id|customer_id\n');
    const refused = await Promise.all([
      machine.run('run', 'sales', '--input', '{"rtae": 5}'),
      machine.run('run', 'sales', '--input', '{"rate": "fast"'),
      machine.run('run', 'sales', '--sample-data', broken),
      machine.run('run', 'slaes'),
    ]);
    expect(refused.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    const [parameter, json, files, pipeline] = refused.map(({ stderr }) => stderr);
    // The four ran at once: the first may have met the lock of another, which held none.
    expect(parameter).toMatch(/INVALID_INPUT: .*Unknown name "rtae" in the input\. Allowed: .*rate/);
    expect(json).toMatch(/INVALID_INPUT: --input is .*Allowed: a JSON object/);
    expect(files).toMatch(/which lacks amount, payment_date[\s\S]*regions\.csv does not exist/);
    expect(pipeline).toMatch(/UNKNOWN_PIPELINE: .*Allowed: .*sales/);
    expect(readdirSync(join(machine.home, 'job-runs'))).toEqual([]);
    expect(refused.map(({ stderr }) => /\n\s+at /.test(stderr))).toEqual([false, false, false, false]);
  });

  test('sums a person’s own data, and every row is accounted for', async () => {
    const input = JSON.stringify({ rate: 250 });
    const words = ['run', 'sales', '--strict', '--sample-data', data.folder, '--input', input, '--watch', '--json'];
    const command = machine.start(...words);
    page = await Watched.by(command);
    await page.seesRowsMove();
    // Compressed with LZ4, encoded as Avro, with money as bytes.
    expect(await page.newestOf('sales')).toMatch(/^\{\s*"payment_id": \d+,[\s\S]*"amount": "\d+\.\d\d"/);
    const { code, stdout, stderr } = await command.ended;
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as RunResult;
    expect(result.execution.status).toBe('SUCCEEDED');
    expect(result.accounts.map(({ line }) => line)).toEqual([
      `${(data.good + data.bad).toLocaleString('en-US')} read = 1,000 sent + ${data.bad} rejected; ` +
        '1,000 sent = 1,000 summarized + 0 dead letters',
    ]);
    const rejected = Object.values(result.accounts[0]?.rejectedByReason ?? {});
    expect(rejected.reduce((sum, count) => sum + Number(count), 0)).toBe(data.bad);
    expect(new Set(result.results.map(({ region }) => region))).toContain('Unassigned');
    const facts = oracle();
    expect(facts).toMatchObject({ sources: 1_000, good: 1_000, deadLetters: {}, problems: [] });
    const shown = result.results.map((row) => [row.region, row.window_start, String(row.sales), Number(row.orders)]);
    expect(shown).toEqual(facts.table);
    // Who watched has seen the same.
    const end = await page.atTheEnd();
    const [read, rejects] = [data.good + data.bad, data.bad].map((count) => count.toLocaleString('en-US'));
    expect(end.account).toBe('account good');
    expect(end.counted).toEqual([read, '1,000', rejects, '1,000', '1,000', '0']);
    const plain = (number = '') => number.replaceAll(',', '');
    const seen = end.results.map(([region, sales, orders]) => [region, plain(sales), Number(plain(orders))]);
    expect(seen).toEqual(facts.table.map(([region, , sales, orders]) => [region, sales, orders]));
    expect(readFileSync(result.report, 'utf8')).toContain(result.execution.name);
  });

  test('shows what an execution would start, and starts nothing', async () => {
    const before = readdirSync(join(machine.home, 'job-runs'));
    const kafka = { bootstrapServers: up.kafka.iamBootstrapServers, security: 'iam' };
    const told = await machine.json<Record<string, { spec: { parameters: object } }[]>>(
      ...['run', 'sales', '--dry-run', '--input', '{"rate": 7}'],
    );
    expect(told).toMatchObject({
      streams: [{ run: 'enrich', spec: { mode: 'stream', kafka } }],
      during: [{ run: 'produce', spec: { parameters: { rate: 7 }, kafka } }],
      drains: [{ run: 'enrichDrain', spec: { mode: 'drain', kafka } }],
      after: [{ run: 'read', spec: { kafka } }],
    });
    expect(readdirSync(join(machine.home, 'job-runs'))).toEqual(before);
  });

  test('sets aside what is no sale, with the reason, and goes on', async () => {
    const injected = ask<Record<string, number>>('inject.py');
    const count = Object.values(injected).reduce((sum, each) => sum + each, 0);
    const words = ['--strict', '--sample-data', data.folder, '--input', '{"rate": 0, "rows": 1500}'];
    const { code, stdout, stderr } = await machine.run('run', 'sales', ...words);
    const reasons = Object.keys(injected)
      .sort()
      .map((reason) => `${injected[reason]} ${reason}`)
      .join(', ');
    expect(stdout, stderr).toContain(
      `1,500 read = ${(1_500 - data.bad).toLocaleString('en-US')} sent + ${data.bad} rejected; ` +
        `${(1_500 - data.bad).toLocaleString('en-US')} sent + ${count} carried over = ` +
        `${(1_500 - data.bad).toLocaleString('en-US')} summarized + ${count} dead letters (${reasons})`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *region +sales +orders +window start +window end$/m);
    expect(oracle()).toMatchObject({ good: 2_500 - data.bad, deadLetters: injected, problems: [] });
  });

  test('shows what runs and what was run', async () => {
    const status = await machine.json<Record<string, unknown>>('status');
    expect(status).toMatchObject({
      bootstrapServers: up.kafka.bootstrapServers,
      pipelines: expect.arrayContaining([
        expect.objectContaining({ name: 'sales', lastExecution: expect.objectContaining({ status: 'SUCCEEDED' }) }),
      ]),
    });
    const { stdout } = await machine.run('logs', 'enrich', '--events');
    expect(stdout).toContain('{"event": "started", "job": "enrich"}');
  });
});

describe('an execution', () => {
  const later = makeData(600);
  const run = ['run', 'sales', '--sample-data', later.folder, '--input'];

  /** Starts one whose producer takes a minute, and waits until rows move. */
  async function runUntilRowsMove(): Promise<Command> {
    const command = machine.start(...run, '{"rate": 10}');
    await until(
      () => /produce +running/.test(command.stderr()) && /[1-9]\d* of 600 rows sent/.test(command.stderr()),
      command.stderr,
    );
    return command;
  }

  test('that is interrupted ends its jobs and all JVMs, not the services that were up before', async () => {
    const services = machine.processes().filter((line) => !line.includes('warm-jvm'));
    expect(services.length).toBeGreaterThan(2);
    const command = await runUntilRowsMove();
    expect(machine.jobProcesses().length).toBeGreaterThan(0);
    command.child.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
    expect(machine.jobProcesses()).toEqual([]);
    expect(machine.processes()).toEqual(services);
  });

  test('whose command was killed is ended by down, with the services', async () => {
    const command = await runUntilRowsMove();
    const [execution] = new Executions(join(machine.home, 'executions')).running();
    const pid = execution?.process?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    await command.ended;
    expect(machine.jobProcesses().length).toBeGreaterThan(0);
    expect((await machine.run('down')).code).toBe(0);
    expect(machine.processes()).toEqual([]);
    expect(machine.jobProcesses()).toEqual([]);
  });

  test('that follows finds the rows that the others left', async () => {
    up = await machine.json<Up>('up');
    const { code, stdout, stderr } = await machine.run(...run, '{"rate": 0}');
    expect(stdout, stderr).toMatch(/600 sent \+ [\d,]+ carried over = [\d,]+ summarized \+ 0 dead letters/);
    expect(code).toBe(0);
    expect(oracle().problems).toEqual([]);
  });

  test('that succeeded keeps its JVMs', () => {
    expect(machine.processes().filter((line) => line.includes('warm-jvms'))).not.toEqual([]);
  });
});

test('a stream that goes on is ended by Ctrl-C while it starts, and later by down, after its batch; no process stays', async () => {
  const words = ['run', 'sales', '--strict', '--action', 'start'];
  const starting = machine.start(...words);
  await until(() => machine.jobProcesses().length > 0, starting.stderr);
  starting.child.kill('SIGINT');
  expect((await starting.ended).code).toBe(130);
  expect(machine.jobProcesses()).toEqual([]);
  await machine.json(...words);
  const { code, stderr } = await machine.run('down');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('ending stream enrich of sales, which finishes its batch');
  expect(machine.processes()).toEqual([]);
});
