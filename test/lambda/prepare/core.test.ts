/** How an execution's input is checked and merged, and what its jobs are started with. */
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { handler } from '../../../lambda/prepare/handler.ts';
import { databaseOf, itemsOf } from '../../../lib/declaration/flow.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { planOf } from '../../../lib/declaration/plan.ts';
import { Spec } from '../../../lib/declaration/spec.ts';
import { execution, refusal, runsOf, specOf } from './execution.ts';

const REFUSED = 'InvalidInput: The execution was refused before anything was started. ';

/** What EMR Serverless takes as a client token, 64 characters at most. */
const TOKEN = /^[0-9a-f]{64}$/;

describe('an execution with an empty input', () => {
  test('starts every job with everything that the state machine has to say', () => {
    expect(execution({}).during).toEqual([
      {
        job: 'send',
        run: 'send',
        roleArn: 'role-send',
        entryPoint: 's3://jobs/send.py',
        submitParameters: '--conf a=b',
        timeoutMinutes: 30,
        token: expect.stringMatching(TOKEN),
        arguments: [
          '--spec',
          '{"mode":"batch","kafka":"broker:9098","file":"s3://assets/readings.csv","schema":7,"folder":"s3://data/rejects/tiny/first","rate":100}',
        ],
      },
    ]);
  });

  test('gives the drain of a stream the spec of the stream in another mode', () => {
    const prepared = execution({});
    expect(specOf(prepared, 'enrich')).toEqual({ mode: 'stream', lateness: 5 });
    expect(specOf(prepared, 'enrichDrain')).toEqual({ mode: 'drain', lateness: 5 });
    expect(prepared.drains[0]).toMatchObject({ job: 'enrich', roleArn: 'role-enrich' });
  });

  test('tells the values in force', () => {
    expect(execution({})).toMatchObject({
      parameters: { rate: 100, share: 0.5, region: '', since: '' },
      files: { readings: 's3://assets/readings.csv', regions: 's3://assets/regions.csv' },
    });
  });
});

describe('to rebuild', () => {
  test('is told to streams, not to their drains and not to batch jobs', () => {
    const prepared = execution({ rebuild: true });
    expect(specOf(prepared, 'enrich')).toEqual({ mode: 'stream', lateness: 5, rebuild: true });
    expect(specOf(prepared, 'sumUp')).toMatchObject({ rebuild: true });
    for (const run of ['enrichDrain', 'sumUpDrain', 'send', 'showAll']) {
      expect(specOf(prepared, run)).not.toHaveProperty('rebuild');
    }
    expect(specOf(execution({ action: 'start', rebuild: true }), 'enrich')).toMatchObject({ rebuild: true });
    expect(specOf(execution({ rebuild: false }), 'enrich')).not.toHaveProperty('rebuild');
  });

  for (const [input, shown] of [
    [{ rebuild: 'yes' }, '"yes"'],
    [{ rebuild: null }, 'null'],
    [{ action: 'upgrade', rebuild: true }, 'true'],
    [{ action: 'stop', rebuild: true }, 'true'],
    [{ job: 'send', rebuild: true }, 'true'],
  ] as const) {
    test(`is refused as ${JSON.stringify(input)}`, () => {
      expect(refusal(input)).toBe(
        `${REFUSED}"rebuild" in the input is ${shown}. Allowed: true or false, with the actions run and start.`,
      );
    });
  }
});

test('only a stream that a batch job feeds must have committed', () => {
  expect(execution({}).streams.map(({ job, fed }) => [job, fed])).toEqual([
    ['enrich', true],
    ['sumUp', false],
  ]);
});

describe('a parameter', () => {
  const deployed = { pipeline: { parameters: { rate: 200 } } };

  test("has its default until the pipeline's parameter says otherwise", () => {
    expect(specOf(execution({}, { pipeline: { parameters: undefined } }), 'send').rate).toBe(100);
    expect(specOf(execution({}, deployed), 'send').rate).toBe(200);
  });

  test("of the input comes before the pipeline's parameter and the default", () => {
    expect(specOf(execution({ rate: 300 }, deployed), 'send').rate).toBe(300);
  });

  test('may be zero, which is a value, and set back to nothing', () => {
    expect(specOf(execution({ rate: 0 }), 'send').rate).toBe(0);
    const region = { pipeline: { parameters: { region: 'Asia' } } };
    expect(specOf(execution({}, region), 'showAll').region).toBe('Asia');
    expect(specOf(execution({ region: '' }, region), 'showAll').region).toBe('');
  });

  for (const value of ['Österreich', 'São Tomé', "Côte d'I", 'x{rate}', '{x.y}', 'in {x.y}', '{platform', '"', '\\']) {
    test(`may be the text ${value}, which stays as it is`, () => {
      expect(specOf(execution({ region: value }), 'showAll').region).toBe(value);
    });
  }

  for (const value of ['2026-01-31T13:00Z', '2026-01-31T13:00:59Z', '2024-02-29T00:00:00.123456Z']) {
    test(`may be the instant ${value}`, () => {
      expect(specOf(execution({ since: value }), 'showAll').since).toBe(value);
    });
  }
});

describe('the work of an execution', () => {
  const all = ['enrich', 'sumUp'];
  const drains = ['enrichDrain', 'sumUpDrain'];

  test.each([
    ['run', {}, all, [all, ['send'], drains, ['showAll']]],
    ['run', { action: 'run' }, all, [all, ['send'], drains, ['showAll']]],
    ['start', { action: 'start' }, all, [all, [], [], []]],
    ['stop', { action: 'stop' }, all, [[], [], drains, []]],
    ['upgrade', { action: 'upgrade' }, all, [all, [], drains, []]],
    ['start', { action: 'start', stream: 'enrich' }, ['enrich'], [['enrich'], [], [], []]],
    ['stop', { action: 'stop', stream: 'sum-up' }, ['sumUp'], [[], [], ['sumUpDrain'], []]],
    ['upgrade', { action: 'upgrade', stream: 'sum-up' }, ['sumUp'], [['sumUp'], [], ['sumUpDrain'], []]],
    ['job', { job: 'show-all' }, [], [[], [], [], ['showAll']]],
    ['job', { job: 'replay', rate: 5 }, [], [[], [], [], ['replay']]],
  ])('is %s for the input %j', (action, input, about, runs) => {
    const prepared = execution(input);
    expect(prepared).toMatchObject({ action, about, job: action === 'job' ? runs[3]?.[0] : '' });
    expect(runsOf(prepared)).toEqual(runs);
  });

  test('is what the pipeline usually does, with or without a stream named', () => {
    const plan = { actions: ['start', 'run', 'stop', 'upgrade'] };
    expect(runsOf(execution({}, { plan }))).toEqual([all, [], [], []]);
    expect(runsOf(execution({ stream: 'enrich' }, { plan }))).toEqual([['enrich'], [], [], []]);
  });

  test('is to run only, in a pipeline without streams', () => {
    const plan = { actions: ['run'], order: { streams: [], during: [], after: ['send', 'showAll'] } };
    expect(runsOf(execution({}, { plan }))).toEqual([[], [], [], ['send', 'showAll']]);
    expect(refusal({ action: 'stop' }, { plan })).toBe(`${REFUSED}"action" in the input is "stop". Allowed: run.`);
    expect(refusal({ stream: 'enrich' }, { plan })).toBe(
      `${REFUSED}"stream" in the input is "enrich". Allowed: a stream of pipeline tiny: none.`,
    );
  });

  for (const action of ['pause', '', null, 'constructor', ['stop']]) {
    test(`is not the action ${JSON.stringify(action)}`, () => {
      const shown = JSON.stringify(action);
      const allowed = 'Allowed: run, start, stop, upgrade.';
      expect(refusal({ action })).toBe(`${REFUSED}"action" in the input is ${shown}. ${allowed}`);
    });
  }

  for (const stream of ['sumUp', 'send', '', null, 7, 'toString']) {
    test(`is not about the stream ${JSON.stringify(stream)}`, () => {
      const allowed = 'Allowed: a stream of pipeline tiny: enrich, sum-up.';
      expect(refusal({ action: 'stop', stream })).toBe(
        `${REFUSED}"stream" in the input is ${JSON.stringify(stream)}. ${allowed}`,
      );
    });
  }

  test('is not a whole run of one stream', () => {
    expect(refusal({ stream: 'enrich' })).toBe(
      `${REFUSED}"stream" in the input goes with the actions start, stop and upgrade; a run is of the whole pipeline.`,
    );
  });

  for (const job of ['showAll', 'enrich', '', null, 7, 'toString']) {
    test(`is not the job ${JSON.stringify(job)}`, () => {
      const allowed = 'Allowed: a batch job of pipeline tiny: send, show-all, replay.';
      expect(refusal({ job })).toBe(`${REFUSED}"job" in the input is ${JSON.stringify(job)}. ${allowed}`);
    });
  }

  for (const input of [{ action: 'stop' }, { stream: 'enrich' }]) {
    test(`is not a job beside ${JSON.stringify(input)}`, () => {
      expect(refusal({ job: 'send', ...input })).toBe(
        `${REFUSED}The input has "job" beside "action" or "stream". Allowed: "job" alone; a job is run alone.`,
      );
    });
  }
});

describe('an input is refused', () => {
  for (const [input, shown] of [
    [null, 'null'],
    [[1], '[1]'],
    ['{}', '"{}"'],
    [undefined, 'nothing'],
  ] as const) {
    test(`that is ${shown}`, () => {
      expect(refusal(input)).toBe(`${REFUSED}The input is ${shown}. Allowed: a JSON object, such as {}.`);
    });
  }

  for (const name of ['rows', 'Rate', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    test(`for the unknown name ${name}`, () => {
      expect(refusal(JSON.parse(`{"${name}": 1}`))).toBe(
        `${REFUSED}Unknown name "${name}" in the input. Allowed: rate, share, region, since, files, action, stream, job, rebuild.`,
      );
    });
  }

  for (const value of [-1, 20_001, 1.5, 1e300, '100', null, true, [], {}]) {
    test(`for the number ${JSON.stringify(value)}`, () => {
      expect(refusal({ rate: value })).toBe(
        `${REFUSED}"rate" in the input is ${JSON.stringify(value)}. Allowed: whole numbers from 0 to 20000 (rows a second).`,
      );
    });
  }

  for (const value of [-0.1, 1.01, '0.5']) {
    test(`for the decimal ${JSON.stringify(value)}`, () => {
      expect(refusal({ share: value })).toBe(
        `${REFUSED}"share" in the input is ${JSON.stringify(value)}. Allowed: numbers from 0 to 1 (of all rows).`,
      );
    });
  }

  for (const value of [7, null, ' Asia', 'Asia\n', 'As\0ia', 'x'.repeat(11)]) {
    test(`for the text ${JSON.stringify(value)}`, () => {
      expect(refusal({ region: value })).toBe(
        `${REFUSED}"region" in the input is ${JSON.stringify(value)}. Allowed: name of a region, as \\S.{0,9}, or "" for none.`,
      );
    });
  }

  for (const value of [
    'yesterday',
    '2026-01-31',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00Z',
    5,
  ]) {
    test(`for the instant ${JSON.stringify(value)}`, () => {
      expect(refusal({ since: value })).toBe(
        `${REFUSED}"since" in the input is ${JSON.stringify(value)}. Allowed: an instant in UTC, such as 2026-01-31T13:00:00Z, or "" for none.`,
      );
    });
  }

  test('with all its mistakes at once, and those of the parameter', () => {
    const parameter = { pipeline: { parameters: { speed: 1 } } };
    expect(refusal({ rate: -1, rows: 5, files: { readigs: 's3://data/input/tiny/readigs.csv' } }, parameter)).toBe(
      `${REFUSED}Unknown name "speed" in the parameter of pipeline tiny. Allowed: rate, share, region, since. ` +
        '"rate" in the input is -1. Allowed: whole numbers from 0 to 20000 (rows a second). ' +
        'Unknown name "rows" in the input. Allowed: rate, share, region, since, files, action, stream, job, rebuild. ' +
        'Unknown file "readigs" in the input. Allowed: readings, regions.',
    );
  });

  test('that would make a spec longer than an argument may be', () => {
    const plan = {
      parameters: { note: { kind: 'text', default: '', pattern: '"*', unit: 'quotes', description: '' } },
    };
    const spec = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`n${index}`, '{parameters.note}']));
    const jobs = { send: { kind: 'batch', timeoutMinutes: 1, spec } };
    const order = { streams: [], during: [], after: ['send'] };
    // Six times 1,000 quotes, each with its escape, and `"n0":"",` around them.
    expect(refusal({ note: '"'.repeat(1_000) }, { plan: { ...plan, jobs, order } })).toBe(
      `${REFUSED}The spec of job send has 12049 characters. Allowed: 10280 at most, so shorter values.`,
    );
  });

  test.each([
    ['one long value', { rate: 'x'.repeat(200_000) }],
    ['one long name', { ['x'.repeat(200_000)]: 1 }],
    ['one long file', { files: { readings: '\u{1F600}'.repeat(100_000), ['y'.repeat(200_000)]: 1 } }],
    ['many names', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`name${index}`, index]))],
    ['long work', { action: 'a'.repeat(200_000), stream: 'b'.repeat(200_000) }],
    ['a deep list', { rate: JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) }],
  ])('shortly for 200 kB of %s', (_, input) => {
    expect(refusal(input).length).toBeLessThan(9_000);
  });

  test('shortly for a pipeline with many parameters', () => {
    const rule = { kind: 'instant', default: '', description: '' };
    const names = Array.from({ length: 500 }, (_, index) => `${'p'.repeat(26)}${index}`);
    const parameters = Object.fromEntries(names.map((name) => [name, rule]));
    const wrong = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`q${index}`, 1]));
    const text = refusal(wrong, { plan: { parameters } });
    expect(text.length).toBeLessThan(9_000);
    expect(text).toMatch(/\.\.\. And 10 more\.$/);
  });

  test('without a stack, which Lambda would repeat', () => {
    try {
      execution({ rate: -1 });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).stack).toBe(String(error));
    }
  });
});

describe('parameters that lack a value', () => {
  const incomplete = (path: string) =>
    `IncompleteDeployment: The deployed parameters have no ${path}. Deploy the pipeline again.`;

  test('are a fault of the deployment, named', () => {
    expect(refusal({}, { platform: { bootstrapServers: undefined } })).toBe(incomplete('platform.bootstrapServers'));
    expect(refusal({}, { pipeline: { schemas: {} } })).toBe(incomplete('pipeline.schemas.readingsFile'));
    expect(refusal({}, { pipeline: { schemas: undefined } })).toBe(incomplete('pipeline.schemas.readingsFile'));
    expect(refusal({}, { pipeline: { files: { readings: 's3://assets/readings.csv' } } })).toBe(
      incomplete('files.regions'),
    );
  });

  test('are found before a file is checked against a bucket that is not known', () => {
    const input = { files: { readings: 's3://data/input/tiny/readings.csv' } };
    expect(refusal(input, { platform: { bucket: undefined } })).toBe(incomplete('platform.bucket'));
  });
});

describe('every pipeline', async () => {
  for (const pipeline of await loadPipelines()) {
    const plan = planOf(pipeline);
    const run = (input: object) => {
      const schemas = Object.values(plan.jobs).flatMap(({ spec }) => [
        ...JSON.stringify(spec).matchAll(/\{(#?)pipeline\.schemas\.(\w+)\}/g),
      ]);
      return execution(input, {
        plan,
        pipeline: {
          schemas: Object.fromEntries(schemas.map(([, id, key]) => [key, id ? '12' : `s3://assets/${key}.json`])),
          files: Object.fromEntries(plan.files.map((file) => [file, `s3://assets/${file}`])),
          items: Object.fromEntries(
            Object.values(itemsOf(pipeline)).map(({ name }) => [
              name,
              `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`,
            ]),
          ),
          databases: { [databaseOf(pipeline)?.name ?? '']: 'jdbc:postgresql://database:5432/all' },
        },
      });
    };

    test(`is started with specs of the right form: ${pipeline.name}`, () => {
      const { streams, during, drains, after } = run({});
      const runs = [...streams, ...during, ...drains, ...after];
      expect(runs.length).toBeGreaterThan(plan.order.streams.length);
      for (const { run, job, arguments: words } of runs) {
        expect(Spec.parse(JSON.parse(words[1]))).toMatchObject({
          job,
          mode: run === job ? plan.jobs[job]?.kind : 'drain',
        });
      }
    });
  }
});

describe('the handler', () => {
  test('gives what the core gives', async () => {
    const event = {
      plan: {
        pipeline: 'tiny',
        parameters: {},
        files: [],
        actions: ['run'],
        order: { streams: [], during: [], after: ['send'] },
        jobs: { send: { kind: 'batch', timeoutMinutes: 5, spec: { to: '{execution.name}' } } },
      },
      starts: { send: { roleArn: 'role', entryPoint: 'send.py', submitParameters: '' } },
      platform: {},
      pipeline: {},
      execution: { name: 'first' },
      input: {},
    } as const;
    await expect(handler(event)).resolves.toEqual({
      action: 'run',
      job: '',
      about: [],
      streams: [],
      during: [],
      drains: [],
      after: [
        {
          job: 'send',
          run: 'send',
          roleArn: 'role',
          entryPoint: 'send.py',
          submitParameters: '',
          timeoutMinutes: 5,
          token: expect.stringMatching(TOKEN),
          arguments: ['--spec', '{"to":"first"}'],
        },
      ],
      parameters: {},
      files: {},
    });
    await expect(handler({ ...event, input: { rate: 1 } })).rejects.toThrow(
      'Unknown name "rate" in the input. Allowed: action, stream, job, rebuild.',
    );
  });

  test('is bundled without the checks and the kinds of declarations', async () => {
    const entry = new URL('../../../lambda/prepare/handler.ts', import.meta.url).pathname;
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'cjs',
    });
    expect(Object.keys(metafile.inputs).sort()).toEqual([
      'lambda/prepare/core.ts',
      'lambda/prepare/handler.ts',
      ...['fill', 'json', 'limits', 'mistakes', 'names', 'parameter'].map((name) => `lib/declaration/${name}.ts`),
    ]);
  });
});
