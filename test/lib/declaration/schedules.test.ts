/** Schedules of a pipeline: when they come, what they start, and what is refused. */
import { describe, expect, test } from 'vitest';
import { CRON_FORM, cronOf, inZone, isTimeZone, nextTimes } from '../../../lib/declaration/cron.ts';
import { batch, schedule } from '../../../lib/declaration/index.ts';
import { accepts, type Change, refusalOf, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

/** The next times of an expression, as UTC. */
function next(text: string, zone: string, after: string, count = 3): string[] {
  const cron = cronOf(text);
  if (!cron) throw new Error(`${text} is none`);
  return nextTimes(cron, zone, Date.parse(after), count).map((time) => new Date(time).toISOString().slice(0, 16));
}

describe('the next times of', () => {
  test.each([
    ['a night', '30 2 * * ? *', 'UTC', '2026-05-21T02:30:00Z', ['2026-05-22T02:30', '2026-05-23T02:30']],
    [
      'a night in its zone',
      '30 2 * * ? *',
      'Asia/Kolkata',
      '2026-05-21T20:00:00Z',
      ['2026-05-21T21:00', '2026-05-22T21:00'],
    ],
    ['working days', '0 6 ? * MON-FRI *', 'UTC', '2026-05-22T07:00:00Z', ['2026-05-25T06:00', '2026-05-26T06:00']],
    ['steps', '5/25 22 * * ? *', 'UTC', '2026-05-21T22:20:00Z', ['2026-05-21T22:30', '2026-05-21T22:55']],
    ['lists', '0 0 1,15 1,7 ? *', 'UTC', '2026-01-02T00:00:00Z', ['2026-01-15T00:00', '2026-07-01T00:00']],
    ['every second hour', '0 */2 * * ? *', 'UTC', '2026-01-01T21:00:00Z', ['2026-01-01T22:00', '2026-01-02T00:00']],
    ['a leap day', '0 12 29 2 ? *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T12:00', '2032-02-29T12:00']],
    ['a year', '0 0 31 12 ? 2027', 'UTC', '2026-01-01T00:00:00Z', ['2027-12-31T00:00']],
    ['Sundays by number', '0 0 ? * 1 *', 'UTC', '2026-05-21T00:00:00Z', ['2026-05-24T00:00', '2026-05-31T00:00']],
  ])('%s', (_, text, zone, after, times) => expect(next(text, zone, after, 2)).toEqual(times));

  test('a time that clocks leave out is skipped, and one that they show twice comes once', () => {
    expect(next('30 2 * * ? *', 'Europe/Brussels', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
    expect(next('30 2 * * ? *', 'Europe/Brussels', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  test('what has passed are none', () => expect(next('0 0 1 1 ? 2020', 'UTC', '2026-01-01T00:00:00Z')).toEqual([]));
});

test.each([
  '',
  '0 2 * * *',
  '0 2 * * * *',
  '0 2 ? * ? *',
  '60 2 * * ? *',
  '0 24 * * ? *',
  '0 2 0 * ? *',
  '0 2 L * ? *',
  '5-1 2 * * ? *',
  '0 2 * * ? * *',
  '0/0 2 * * ? *',
  'a 2 * * ? *',
])('"%s" is no time', (text) => expect(cronOf(text)).toBeUndefined());

test.each([
  ['Europe/Brussels', true],
  ['UTC', true],
  ['Europe/Atlantis', false],
  ['+02:00', false],
])('%s is a time zone: %s', (zone, is) => expect(isTimeZone(zone)).toBe(is));

test('people see a time as the clock of its zone shows it', () => {
  expect(inZone(Date.parse('2026-05-21T22:30:00Z'), 'Asia/Kolkata')).toBe('2026-05-22 04:00 Asia/Kolkata');
});

const scheduled = (props: object = {}, name = 'nightly'): Change => ({
  whole: (declaration) =>
    void Object.assign(declaration, {
      schedules: {
        nightly: schedule(name, {
          cron: '0 2 * * ? *',
          timeZone: 'UTC',
          job: declaration.jobs.show,
          ...props,
        } as never),
      },
    }),
});

test('a schedule starts its job alone, by its name with hyphens', () => {
  const job = batch('show.py', { reads: {}, writes: {} });
  const made = schedule('nightly', { cron: '0 2 * * ? *', timeZone: 'UTC', job });
  expect(made.input({ jobs: { showAll: job } })).toEqual({ job: 'show-all' });
});

describe('a schedule', () => {
  accepts('of a batch job', scheduled());
  refuses(
    'of a time that is none',
    scheduled({ cron: '0 2 * * *' }),
    `tiny.schedules.nightly.cron: is no time that comes again; got "0 2 * * *"; allowed: ${CRON_FORM}`,
  );
  refuses(
    'of a time that has passed',
    scheduled({ cron: '0 2 * * ? 2020' }),
    'tiny.schedules.nightly.cron: never comes; got "0 2 * * ? 2020"; allowed: a time to come',
  );
  refuses(
    'in a place without a clock',
    scheduled({ timeZone: 'Europe/Atlantis' }),
    'tiny.schedules.nightly.timeZone: is no time zone; got "Europe/Atlantis"; allowed: a name of the IANA database, such as Europe/Berlin, or UTC',
  );
  refuses(
    'of a name with a hyphen',
    scheduled({}, 'every-night'),
    'tiny.schedules.nightly.name: is not a name; got "every-night"; allowed: camelCase, 30 letters and digits at most',
  );
  test('refuses a stream, and a job of nobody', () => {
    const [toStream] = refusalOf(
      tinyPipeline({
        whole: (declaration) =>
          void Object.assign(declaration, {
            schedules: {
              n: schedule('n', { cron: '0 2 * * ? *', timeZone: 'UTC', job: declaration.jobs.count as never }),
            },
          }),
      }),
    );
    expect(toStream).toMatch(/^tiny\.schedules\.n\.job: is a stream, which ends by nobody; .*allowed: a batch job$/);
    const [toNobody] = refusalOf(tinyPipeline(scheduled({ job: batch('show.py', { reads: {}, writes: {} }) })));
    expect(toNobody).toMatch(
      /^tiny\.schedules\.nightly\.job: is no job of the pipeline; .*allowed: a job in its `jobs`$/,
    );
  });
});
