/** The orders pipeline by the command line alone, whole and as a stream that goes on, against an oracle that shares nothing with it. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../../local/home.ts';
import { python } from '../../../test/e2e/cli.ts';
import { sharedMachine } from '../../../test/e2e/shared-machine.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { fileOf, orderLines } from './lines.ts';

type Totals = Readonly<Record<string, { readonly sales: string; readonly orders: string }>>;

interface Facts {
  readonly records: number;
  readonly totals: Totals;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly problems: string[];
}

interface Stream {
  readonly job: string;
  readonly runName: string;
  readonly pid: number;
  readonly current: boolean;
}

interface Ran {
  readonly execution: { readonly status: string };
  readonly results: { readonly country: string; readonly sales: string; readonly orders: number }[];
  readonly jobs: { readonly name: string; readonly notes: string[]; readonly folders: { readonly results?: string } }[];
  readonly streams: readonly Stream[];
  readonly accounts: readonly { readonly line: string; readonly addsUp: boolean }[];
}

interface Statement {
  Action: string | string[];
  readonly Resource: string | string[];
}

interface Clients {
  readonly local: { readonly bootstrapServers: string };
  readonly topics: { readonly topic: string; readonly access: { local: { python: { settings: object } } }[] }[];
}

interface Sent {
  readonly sent: number;
  readonly broken: Readonly<Record<string, number>>;
}

const machine = sharedMachine();
const sample = join(projectRoot, 'sample_data', 'orders', 'orders.jsonl');
const early = fileOf(orderLines(300, 5_000_000, new Date()));
let clients: Clients;
let broken: Readonly<Record<string, number>>;

/** Sends lines as an application outside does, with the settings that the command line prints for it. */
async function send(file: string, ...words: string[]): Promise<Sent> {
  const writer = clients.topics.find(({ topic }) => topic === 'orders.json')?.access[0];
  const settings = JSON.stringify(writer?.local.python.settings);
  const script = fileURLToPath(new URL('send.py', import.meta.url));
  const { stdout } = await promisify(execFile)(readToolchain().python, [
    script,
    ...['--settings', settings, '--lines', file, ...words],
  ]);
  return JSON.parse(stdout) as Sent;
}

const oracle = (...words: string[]) => python<Facts>(new URL('oracle.py', import.meta.url), ...words);
const topics = (...words: string[]) => oracle('--bootstrap', clients.local.bootstrapServers, ...words);
const action = (name: string) => machine.json<Ran>('run', 'orders', '--strict', '--action', name);
const totalsOf = ({ results }: Ran): Totals =>
  Object.fromEntries(results.map(({ country, sales, orders }) => [country, { sales, orders: String(orders) }]));
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0);

/** Takes a right from the deployed role of a job; what it gives gives it back. */
function takeRight(job: string, action: string, resource: string): () => void {
  const file = join(machine.home, 'iam', 'access.json');
  const text = readFileSync(file, 'utf8');
  const access = JSON.parse(text) as {
    roles: { job?: string; policies: { document: { Statement: Statement[] } }[] }[];
  };
  const role = access.roles.find((one) => one.job === `orders/${job}`);
  const holds = ({ Action, Resource }: Statement) =>
    [Action].flat().includes(action) && [Resource].flat().some((one) => one.includes(resource));
  const documents = role?.policies.map(({ document }) => document) ?? [];
  expect(documents.flatMap(({ Statement }) => Statement).filter(holds)).toHaveLength(1);
  for (const document of documents) {
    document.Statement = document.Statement.flatMap((statement) => {
      const kept = [statement.Action].flat().filter((one) => one !== action || !holds(statement));
      return kept.length > 0 ? [{ ...statement, Action: kept }] : [];
    });
  }
  writeFileSync(file, JSON.stringify(access));
  return () => writeFileSync(file, text);
}

beforeAll(async () => {
  await machine.json('up', 'orders');
  clients = await machine.json<Clients>('clients', 'orders');
});

describe('a whole run', () => {
  test('sums the sample and what an application sent before it, and sets aside what is no order', async () => {
    ({ broken } = await send(early, '--broken'));
    const ran = await machine.json<Ran>('run', 'orders', '--strict', '--input', '{"rate": 0}');
    const reasons = Object.keys(broken)
      .sort()
      .map((reason) => `${broken[reason]} ${reason}`)
      .join(', ');
    const others = 300 + sum(broken);
    expect(ran.accounts.map(({ line }) => line)).toEqual([
      `2,000 read = 2,000 sent + 0 rejected; 2,000 sent + ${others} carried over = ` +
        `2,300 summarized + ${sum(broken)} dead letters (${reasons})`,
    ]);
    // The batch totals count an order whatever its time; the script knows the topic and nothing of the files, and the other way round.
    const facts = topics('--totals-topic');
    expect(facts).toMatchObject({ records: 2_000 + others, deadLetters: broken, problems: [] });
    expect(totalsOf(ran)).toEqual(facts.totals);
    const files = oracle('--files', sample, early).totals;
    const late = {
      sales: (Number(files.Peru?.sales) + 2 * 4.99).toFixed(2),
      orders: String(Number(files.Peru?.orders) + 2),
    };
    expect(facts.totals).toEqual({ ...files, Peru: late });
  });

  test('shows what the console job says, beside the table', async () => {
    const { code, stdout, stderr } = await machine.run('run', 'orders', '--strict', '--job', 'totals-to-console');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Peru/);
    expect(stdout).toMatch(/^totals-to-console succeeded/m);
  });
});

describe('a stream that goes on', () => {
  let results: string | undefined;

  test('lives on when its command has returned, and a batch job may run beside it', async () => {
    const { streams } = await action('start');
    expect(streams).toMatchObject([{ job: 'sum-by-window', current: true }]);
    expect(machine.jobProcesses().length).toBeGreaterThan(0);
    const refused = await machine.run('run', 'orders');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('STREAM_RUNS');
    const { pipelines } = await machine.json<{ pipelines: { name: string; streams: Stream[] }[] }>('status');
    expect(pipelines.find(({ name }) => name === 'orders')?.streams).toEqual(streams);
    const job = await machine.json<Ran>('run', 'orders', '--strict', '--job', 'totals-to-csv');
    results = job.jobs[0]?.folders.results;
    expect(topics('--csv', results ?? '').problems).toEqual([]);
  });

  test('is drained and started again by upgrade while orders come in: none is lost, none is counted twice', async () => {
    const first = await send(fileOf(orderLines(500, 6_000_000, new Date())));
    const arriving = send(fileOf(orderLines(400, 7_000_000, new Date())), '--rate', '20', '--broken');
    const { streams } = await action('upgrade');
    expect(streams).toMatchObject([{ job: 'sum-by-window', current: true }]);
    const second = await arriving;
    const last = await send(fileOf(orderLines(250, 8_000_000, new Date())));
    const stopped = await action('stop');
    expect(stopped.streams).toEqual([]);
    expect(machine.jobProcesses()).toEqual([]);
    const facts = topics();
    expect(facts.problems).toEqual([]);
    const sent = first.sent + second.sent + last.sent + sum(second.broken);
    expect(facts.records).toBe(2_300 + sum(broken) + sent);
    expect(sum(facts.deadLetters)).toBe(2 * sum(broken));
  });

  test('leaves results of each run of a job in a folder of its own', async () => {
    const again = await machine.json<Ran>('run', 'orders', '--strict', '--job', 'totals-to-csv');
    const folder = again.jobs[0]?.folders.results ?? '';
    expect(folder).not.toBe(results);
    const facts = topics('--csv', folder);
    expect(facts.problems).toEqual([]);
    expect(totalsOf(again)).toEqual(facts.totals);
    // The one that was made first is as it was: it lacks what came later.
    expect(topics('--csv', results ?? '').problems).not.toEqual([]);
  });

  // What is missing is what a template would lack; the roles themselves are tested by all other runs.
  test.each([
    ['produce', 's3:ListBucket', 'cdk-', ['--job', 'produce']],
    ['produce', 's3:GetObject', 'cdk-', ['--job', 'produce']],
    ['totalsToCsv', 's3:PutObject', 'results/', ['--job', 'totals-to-csv']],
    ['sumByWindow', 's3:DeleteObject', 'checkpoints/', ['--action', 'stop']],
  ])('fails when %s may not %s on %s, and says so', async (job, action, resource, words) => {
    if (job === 'sumByWindow') await send(fileOf(orderLines(10, 9_000_000, new Date())));
    const giveBack = takeRight(job, action, resource);
    const { code, stderr } = await machine.run('run', 'orders', '--strict', ...words);
    giveBack();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`\\w+ may not ${action} on arn:aws:s3:::\\S*${resource}\\S*: no statement of .*`),
    );
    expect(stderr).toContain(`Declared by orders's job ${job} (pipelines/orders/pipeline.ts)`);
  });
});
