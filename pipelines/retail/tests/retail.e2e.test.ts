/** The shop by the command line alone, against an oracle that shares nothing with it: whole, with a stream whose driver is killed, and with dead letters that come back. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../../local/home.ts';
import { python, until } from '../../../test/e2e/cli.ts';
import { sharedMachine } from '../../../test/e2e/shared-machine.ts';
import { kill } from '../../../test/support/kill.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

interface Facts {
  readonly purchases: number;
  readonly transactions: number;
  readonly sales: string;
  readonly by: Readonly<Record<'enriched' | 'totals' | 'windows', string>>;
  readonly best: readonly (readonly [string, string, number])[];
  readonly bestEnriched: Facts['best'];
  readonly deadLetters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly string[];
}

interface Ran {
  readonly results: readonly { readonly product_id: string; readonly sales: string; readonly quantity: number }[];
  readonly accounts: readonly { readonly account: string; readonly line: string }[];
}

interface Clients {
  readonly local: { readonly bootstrapServers: string };
  readonly topics: { readonly topic: string; readonly access: { local: { python: { settings: object } } }[] }[];
}

interface Status {
  readonly pipelines: readonly { readonly name: string; readonly streams: { job: string; pid: number }[] }[];
}

const machine = sharedMachine();
const products = join(projectRoot, 'sample_data', 'retail', 'products.jsonl');
let clients: Clients;

const oracle = () =>
  python<Facts>(
    new URL('oracle.py', import.meta.url),
    ...['--bootstrap', clients.local.bootstrapServers, '--products', products],
  );

/** What readers of Iceberg find in the history. */
interface History {
  readonly files: number;
  readonly twice: number;
  readonly pyiceberg: object;
  readonly duckdb: object;
  /** The ten best by DuckDB. */
  readonly best: Facts['best'];
}

const history = () => python<History>(new URL('history.py', import.meta.url), machine.home);

/** Sends what another application sends, with the settings that the command line prints for it. */
async function send(): Promise<void> {
  const writer = clients.topics.find(({ topic }) => topic === 'retail.purchases')?.access[0];
  const script = fileURLToPath(new URL('send.py', import.meta.url));
  await promisify(execFile)(readToolchain().python, [
    script,
    '--settings',
    JSON.stringify(writer?.local.python.settings),
  ]);
}

beforeAll(async () => {
  await machine.json('up', 'retail');
  clients = await machine.json<Clients>('clients', 'retail');
});

test('every purchase is in all of its places, also where a driver was killed and where others sent garbage', async () => {
  // Nobody knows a product yet, and one purchase is late.
  await send();
  const running = machine.start('run', 'retail', '--strict', '--json', '--input', '{"transactions": 300, "rate": 60}');
  await until(() => /[1-9]\d* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  const { pipelines } = await machine.json<Status>('status');
  const streams = pipelines.find(({ name }) => name === 'retail')?.streams;
  kill(streams?.find(({ job }) => job === 'enrich')?.pid);
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/enrich +failed .*started again/);

  const facts = oracle();
  expect(facts.problems).toEqual([]);
  const garbage = {
    'bad-quantity': 1,
    'missing-total-purchase': 1,
    'not-an-object': 1,
    'not-json': 1,
    'null-value': 1,
  };
  expect(facts.deadLetters).toEqual({
    enrich: { ...garbage, 'unknown-product': 4 },
    keepTotals: garbage,
    sumByWindow: { ...garbage, late: 1 },
    rankTop: {},
  });
  expect(facts.transactions).toBe(304);
  const ran = JSON.parse(stdout) as Ran;
  const sent = facts.purchases - 4;
  const told = (summarized: number, letters: string) =>
    `${sent} sent + 9 carried over = ${summarized} summarized + ${letters}`;
  const reasons = '1 bad-quantity, {}1 missing-total-purchase, 1 not-an-object, 1 not-json, 1 null-value';
  expect(ran.accounts.map(({ account, line }) => [account, line])).toEqual([
    ['purchases to enriched', told(sent, `9 dead letters (${reasons.replace('{}', '')}, 4 unknown-product)`)],
    ['purchases to totals', told(sent + 4, `5 dead letters (${reasons.replace('{}', '')})`)],
    ['purchases to windows', told(sent + 3, `6 dead letters (${reasons.replace('{}', '1 late, ')})`)],
  ]);
  expect(ran.results.map(({ product_id, sales, quantity }) => [product_id, sales, quantity])).toEqual(facts.best);

  // The sum of sales is the same by every way but for what each of them set aside: four unknown products, one late purchase.
  const less = (dollars: number) => (Number(facts.sales) - dollars).toFixed(2);
  expect(facts.by).toEqual({ enriched: less(3 * 8.98 + 4.49), totals: facts.sales, windows: less(8.98) });
  // The killed driver has written some of them twice; the history has each once, whoever reads it.
  const kept = { rows: sent, sales: facts.by.enriched };
  expect(history()).toMatchObject({ twice: 0, pyiceberg: kept, duckdb: kept, best: facts.bestEnriched });
  expect(facts.bestEnriched).toHaveLength(10);
});

test('what came before its product is enriched once it is sent again', async () => {
  const { sales, by } = oracle();
  await machine.json('replay', 'retail', '--reason', 'unknown-product');
  await machine.json('run', 'retail', '--strict', '--action', 'stop', '--stream', 'enrich');
  const facts = oracle();
  expect(facts.problems).toEqual([]);
  // The product of one of the four is known to nobody still.
  expect(facts.deadLetters.enrich?.['unknown-product']).toBe(5);
  expect(facts.by).toEqual({ ...by, enriched: (Number(sales) - 8.98).toFixed(2) });

  await machine.json('run', 'retail', '--strict', '--job', 'archive');
  const before = history();
  expect(before).toMatchObject({ twice: 0, duckdb: { sales: facts.by.enriched }, best: facts.bestEnriched });
  // Nothing new: neither job adds or loses a row.
  await machine.json('run', 'retail', '--strict', '--job', 'archive');
  await machine.json('run', 'retail', '--strict', '--job', 'compact');
  const { files, ...rows } = history();
  expect({ ...rows, files: before.files }).toEqual(before);
  expect(files).toBeLessThan(before.files);
});
