/** The report of an execution on AWS says what the local report of the same execution says; what is in its way is said in a sentence. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { executionOf, runsOf } from '../../../local/aws/history.ts';
import { begun, bring } from '../../../local/aws/records.ts';
import { type AwsServices, awsServices, inWords } from '../../../local/aws/services.ts';
import { onAws } from '../../../local/cli/report.ts';
import { type JobRunRequest, partsOf } from '../../../local/emr/job-run-records.ts';
import { type Home, millraceHome } from '../../../local/home.ts';
import { identityOf } from '../../../local/services/process.ts';
import { Observer } from '../../../local/watch/observer.ts';
import { chained } from '../../lib/constructs/workflow/invented.ts';
import { type Moto, startMoto } from '../../support/moto.ts';
import { BUCKET, type Ran, REGION, remember, runHere } from './on-both.ts';

const { show } = chained.jobs;
const columns = [{ field: 'word', title: 'word', format: 'text' }] as const;
const pipeline = { ...chained, report: { job: show, folder: show?.writes.results, columns } } as unknown as Pipeline;
const place = { region: REGION, environment: 'dev', bucket: BUCKET };

/** What jobs say; a stream until it is asked to end. */
const scripts: Readonly<Record<string, string>> = {
  send: `echo '{"event":"progress","sent":0,"of":70,"rejected":0}'; echo 'send: a sentence'; echo '{"event":"progress","sent":68,"of":70,"rejected":2}'; echo 'WARN of Spark' >&2`,
  count: `trap 'exit 143' TERM; echo '{"event":"progress","batch":1,"rowsIn":68,"rowsOut":9,"deadLetterRows":1,"deadLetters":{"late":1},"batchSeconds":0.5,"lag":3}'; while :; do sleep 0.05; done`,
  rank: `trap 'exit 143' TERM; echo '{"event":"started","job":"rank"}'; while :; do sleep 0.05; done`,
  silent: `trap 'exit 143' TERM; while :; do sleep 0.05; done`,
  broken: `echo '{"event":"failed","job":"show","code":"BAD_ROW","message":"row 7"}'; exit 1`,
};

let home: Home;
let moto: Moto;
let services: AwsServices;
let ran: Ran[];
const before = { ...process.env };

beforeAll(async () => {
  const started = startMoto();
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const launch =
    (others: Readonly<Record<string, string>> = {}) =>
    (request: JobRunRequest) => {
      const { run, execution } = partsOf({ request } as never);
      const said = others[run] ?? run;
      if (said === 'show') {
        const folder = join(home.buckets, BUCKET, 'results', pipeline.name, execution, 'json');
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'part-0.json'), '{"word":"<script>","times":1.50}\n{"word":"two","times":2.00}\n');
      }
      const script = scripts[said] ?? 'true';
      return { command: '/bin/sh', arguments: ['-c', script], environment: { PATH: before.PATH ?? '' } };
    };
  ran = [
    await runHere(home, pipeline, 'run-1', launch()),
    await runHere(home, pipeline, 'run-10', launch({ show: 'broken' })),
    await runHere(home, pipeline, 'run-11', launch({ rank: 'silent' }), 5),
  ];
  moto = await started;
  await remember(moto.url, home, pipeline, ran);
  Object.assign(process.env, { AWS_ENDPOINT_URL: moto.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  services = await awsServices(REGION);
});

afterAll(async () => {
  services?.close();
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await moto?.stop();
});

/** All that the page of an execution shows, without times: the two ways tell the same moments by two clocks. */
function shown(from: Home, execution: string) {
  const observer = new Observer({ home: from, pipeline, execution, endpoints: () => undefined });
  const model = observer.look();
  const runs = Object.fromEntries(model.runs.map(({ id }) => [id, observer.details(id)]));
  observer.close();
  const text = JSON.stringify({ model, runs }, (name, value) =>
    /^(region|(started|stopped|ended|entered|exited)At|since|ms)$/.test(name) ? undefined : value,
  );
  return JSON.parse(text);
}

async function brought(name: string): Promise<Home> {
  const to = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-brought-')));
  const chosen = (await begun(services, place, pipeline)).find((one) => one.name === name);
  if (!chosen) throw new Error(`There is no ${name}.`);
  await bring(services, to, place, chosen);
  return to;
}

describe('what is brought from AWS', () => {
  test('is what the same execution left here: states, runs, lines, figures and results', async () => {
    const here = shown(home, 'run-1');
    expect(here.model).toMatchObject({
      execution: { status: 'SUCCEEDED' },
      results: {
        rows: [
          { word: '<script>', times: '1.50' },
          { word: 'two', times: '2.00' },
        ],
        final: true,
      },
    });
    expect(here.model.runs).toHaveLength(6);
    expect(shown(await brought('run-1'), 'run-1')).toEqual(here);
  });

  test('is that also where a job has failed', async () => {
    const here = shown(home, 'run-10');
    expect(here.model).toMatchObject({ execution: { status: 'FAILED' }, results: null });
    expect(here.model.states.find(({ name }: { name: string }) => name === 'After')).toHaveProperty('error');
    expect(shown(await brought('run-10'), 'run-10')).toEqual(here);
  });

  test('is that also where a state of a loop has ended the execution', async () => {
    const here = shown(home, 'run-11');
    expect(here.model).toMatchObject({ execution: { status: 'FAILED', error: 'StreamLate' } });
    expect(shown(await brought('run-11'), 'run-11')).toEqual(here);
  });

  test('says where it ran, and when', async () => {
    const to = await brought('run-1');
    const observer = new Observer({ home: to, pipeline, execution: 'run-1', endpoints: () => undefined });
    const { execution, runs } = observer.look();
    observer.close();
    expect(execution?.region).toBe(REGION);
    for (const { startedAt, endedAt = '' } of runs) {
      expect(startedAt >= String(execution?.startedAt)).toBe(true);
      expect(endedAt >= startedAt && endedAt <= String(execution?.stoppedAt)).toBe(true);
    }
  });

  test('of one that goes on is what is known, and counts as no dead one', () => {
    const all = ran[0]?.events ?? [];
    const events = all.slice(
      0,
      all.findIndex(({ type }) => type === 'TaskSubmitted'),
    );
    const process = identityOf();
    expect(executionOf(events, pipeline.name, REGION)).toMatchObject({ status: 'RUNNING', process });
    expect(runsOf(events).map(({ record }) => [record.request.name, record.state, record.watcher])).toEqual([
      ['tiny/count/run-1', 'RUNNING', process],
      ['tiny/rank/run-1', 'RUNNING', process],
    ]);
  });

  test('lists the executions of the pipeline, the newest last', async () => {
    expect((await begun(services, place, pipeline)).map(({ name }) => name)).toEqual(['run-1', 'run-10', 'run-11']);
  });
});

describe('the command', () => {
  const options = { region: REGION };

  test('leaves one file, of the newest execution or of the one that is named, and nothing else', async () => {
    const before = readdirSync(tmpdir());
    const { path } = await onAws(home, [pipeline], undefined, `s3://${BUCKET}/`, options);
    expect(path).toBe(join(home.reports, 'tiny-run-11.html'));
    await onAws(home, [pipeline], 'run-1', `s3://${BUCKET}`, options);
    const page = readFileSync(join(home.reports, 'tiny-run-1.html'), 'utf8');
    const told = /<script type="application\/json" id="told">(.*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(JSON.parse(told).model).toMatchObject({ execution: { name: 'run-1', region: REGION }, topics: {} });
    expect(readdirSync(tmpdir())).toEqual(before);
  });

  test('says which executions there are', async () => {
    const message = 'There is no execution "x". The newest: run-1, run-10, run-11.';
    const none = onAws(home, [pipeline], 'x', `s3://${BUCKET}`, options);
    await expect(none).rejects.toMatchObject({ code: 'UNKNOWN_EXECUTION', message });
  });

  test.each<[string, { region?: string }]>([
    ['s3://data/results', { region: REGION }],
    ['data', { region: REGION }],
    ['s3://data', {}],
  ])('asks for a bucket and a Region: %s %j', async (from, given) => {
    await expect(onAws(home, [pipeline], undefined, from, given)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('what is in the way', () => {
  const first = async () => (await begun(services, place, pipeline))[0] ?? expect.fail('nothing was run');
  const to = () => millraceHome(mkdtempSync(join(tmpdir(), 'millrace-brought-')));

  test('a bucket to which the jobs did not write', async () => {
    const message = 'Job run tiny/show/run-1 wrote to s3://data, not to s3://other. Say --from s3://data.';
    const other = bring(services, to(), { ...place, bucket: 'other' }, await first());
    await expect(other).rejects.toMatchObject({ code: 'AWS_OTHER_BUCKET', message });
  });

  test('a bucket that is not there', async () => {
    const message =
      'There is no bucket nowhere-at-all in Region eu-central-1. Look at --from, --region, --env and --pipeline, and whether it is deployed there.';
    const none = services.keys('nowhere-at-all', '', '123456789012');
    await expect(none).rejects.toMatchObject({ code: 'AWS_NOT_FOUND', message });
  });

  test('an environment that is not there', async () => {
    const none = begun(services, { ...place, environment: 'prod' }, pipeline);
    await expect(none).rejects.toMatchObject({ code: 'AWS_NOT_FOUND' });
    await expect(none).rejects.toThrow('log group /aws/vendedlogs/states/millrace-prod-tiny');
  });

  const asked = { action: 's3:ListBucket', of: 'bucket data' };
  test.each([
    ['CredentialsProviderError', {}, 'AWS_CREDENTIALS', 'as a test wants it. Sign in'],
    ['ExpiredTokenException', {}, 'AWS_CREDENTIALS', 's3:ListBucket'],
    ['AccessDenied', {}, 'AWS_DENIED', 'You may not do s3:ListBucket on bucket data in eu-central-1'],
    ['Unknown', { $metadata: { httpStatusCode: 403 } }, 'AWS_DENIED', 'of another account'],
    [
      'PermanentRedirect',
      { $response: { headers: { 'x-amz-bucket-region': 'us-west-2' } } },
      'AWS_OTHER_REGION',
      'is in Region us-west-2, not in eu-central-1',
    ],
    ['TimeoutError', {}, 'AWS_FAILED', 'TimeoutError: as a test wants it'],
  ])('%s', (name, more, code, words) => {
    const error = Object.assign(new Error('as a test wants it'), { name, ...more });
    const told = inWords(error, asked, REGION);
    expect(told.code).toBe(code);
    expect(told.message).toContain(words);
  });
});
