/** How an execution's input is checked and merged, and what its jobs are started with. */
import { describe, expect, test } from 'vitest';
import { handler } from '../../../lambda/prepare/handler.ts';
import { argumentsOf, execution, refusal } from './execution.ts';

const REFUSED = 'InvalidInput: The execution was refused before anything was started. ';

describe('an execution with an empty input', () => {
  test('starts every job with the deployed values and the declared defaults', () => {
    expect(execution({}).arguments).toEqual({
      send: [
        '--kafka-bootstrap-servers',
        'broker:9098',
        '--readings-file',
        's3://assets/readings.csv',
        '--readings-file-schema-id',
        '7',
        '--rejects-path',
        's3://data/rejects/tiny/first',
        '--rate',
        '100',
      ],
      show: ['--regions-file', 's3://assets/regions.csv'],
    });
  });

  test('leaves out arguments that have no value', () => {
    expect(Object.keys(argumentsOf(execution({}), 'show'))).toEqual(['--regions-file']);
  });

  test('tells the values in force', () => {
    expect(execution({})).toMatchObject({
      tunables: { rate: 100, region: '', since: '' },
      files: { readings: 's3://assets/readings.csv', regions: 's3://assets/regions.csv' },
    });
  });
});

describe('a tunable', () => {
  const deployed = { pipeline: { tunables: { rate: 200 } } };

  test("has its default until the pipeline's parameter says otherwise", () => {
    expect(argumentsOf(execution({}, { pipeline: { tunables: undefined } }), 'send')['--rate']).toBe('100');
    expect(argumentsOf(execution({}, deployed), 'send')['--rate']).toBe('200');
  });

  test('of the input comes before the parameter and the default', () => {
    expect(argumentsOf(execution({ rate: 300 }, deployed), 'send')['--rate']).toBe('300');
  });

  test('may be zero, which is a value', () => {
    expect(argumentsOf(execution({ rate: 0 }), 'send')['--rate']).toBe('0');
  });

  test('may be set back to nothing', () => {
    const region = { pipeline: { tunables: { region: 'Asia' } } };
    expect(argumentsOf(execution({}, region), 'show')['--region']).toBe('Asia');
    expect(argumentsOf(execution({ region: '' }, region), 'show')).not.toHaveProperty('--region');
  });

  test('that looks like a placeholder stays what it is', () => {
    expect(argumentsOf(execution({ region: 'x{rate}' }), 'show')['--region']).toBe('x{rate}');
  });

  for (const value of ['Österreich', 'São Tomé', "Côte d'I"]) {
    test(`may be the text ${value}`, () => {
      expect(argumentsOf(execution({ region: value }), 'show')['--region']).toBe(value);
    });
  }

  for (const value of ['2026-01-31T13:00Z', '2026-01-31T13:00:59Z', '2024-02-29T00:00:00.123456Z']) {
    test(`may be the instant ${value}`, () => {
      expect(argumentsOf(execution({ since: value }), 'show')['--since']).toBe(value);
    });
  }
});

describe('the work of an execution', () => {
  test('is the first action of the pipeline until the input says otherwise', () => {
    expect(execution({})).toMatchObject({ action: 'run', job: '' });
    expect(execution({ action: 'upgrade' })).toMatchObject({ action: 'upgrade', job: '' });
  });

  test('is one batch job alone where the input names it as people write it', () => {
    expect(execution({ job: 'show-all' })).toMatchObject({ action: 'job', job: 'showAll' });
  });

  for (const action of ['pause', '', null, 'constructor', ['stop']]) {
    test(`is not the action ${JSON.stringify(action)}`, () => {
      const shown = JSON.stringify(action);
      const allowed = 'Allowed: run, start, stop, upgrade.';
      expect(refusal({ action })).toBe(`${REFUSED}"action" in the input is ${shown}. ${allowed}`);
    });
  }

  for (const job of ['showAll', 'enrich', '', null, 7, 'toString']) {
    test(`is not the job ${JSON.stringify(job)}`, () => {
      const allowed = 'Allowed: a batch job of pipeline tiny: send, show-all.';
      expect(refusal({ job })).toBe(`${REFUSED}"job" in the input is ${JSON.stringify(job)}. ${allowed}`);
    });
  }

  test('is not an action and a job at once', () => {
    expect(refusal({ action: 'stop', job: 'send' })).toBe(
      `${REFUSED}The input has both "action" and "job". Allowed: one of them; a job is run alone.`,
    );
  });
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
        `${REFUSED}Unknown name "${name}" in the input. Allowed: rate, region, since, files, action, job.`,
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

  for (const value of [7, null, ' Asia', '--since', 'Asia\n', 'As\0ia', 'x'.repeat(11)]) {
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
    const parameter = { pipeline: { tunables: { speed: 1 } } };
    expect(refusal({ rate: -1, rows: 5, files: { readigs: 's3://data/input/tiny/readigs.csv' } }, parameter)).toBe(
      `${REFUSED}Unknown name "speed" in the parameter of pipeline tiny. Allowed: rate, region, since. ` +
        '"rate" in the input is -1. Allowed: whole numbers from 0 to 20000 (rows a second). ' +
        'Unknown name "rows" in the input. Allowed: rate, region, since, files, action, job. ' +
        'Unknown file "readigs" in the input. Allowed: readings, regions.',
    );
  });

  test('without repeating a value that is very long', () => {
    expect(refusal({ rate: 'x'.repeat(100_000) }).length).toBeLessThan(500);
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

test('the handler gives what the core gives', async () => {
  const event = {
    plan: {
      pipeline: 'tiny',
      tunables: {},
      files: [],
      actions: ['start', 'stop', 'upgrade'],
      batchJobs: {},
      arguments: { send: [['--to', '{execution.name}']] },
    },
    platform: {},
    pipeline: {},
    execution: { name: 'first' },
    input: {},
  } as const;
  await expect(handler(event)).resolves.toEqual({
    action: 'start',
    job: '',
    arguments: { send: ['--to', 'first'] },
    tunables: {},
    files: {},
  });
  await expect(handler({ ...event, input: { rate: 1 } })).rejects.toThrow(
    'Unknown name "rate" in the input. Allowed: action, job.',
  );
});
