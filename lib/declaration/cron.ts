/** Times as EventBridge Scheduler takes them: `cron(minutes hours day-of-month month day-of-week year)` in a time zone, and when they come next. */

/** A field: its name, the values that it has, and their names. */
interface Field {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { what: 'minutes', from: 0, to: 59 },
  { what: 'hours', from: 0, to: 23 },
  { what: 'day of the month', from: 1, to: 31 },
  { what: 'month', from: 1, to: 12, names: MONTHS },
  { what: 'day of the week', from: 1, to: 7, names: WEEKDAYS },
  { what: 'year', from: 1970, to: 2199 },
];

/** The values of each field; of a day that the other field of days decides there are none. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number> | undefined;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number> | undefined;
  readonly years: ReadonlySet<number>;
}

/** What may be written. */
export const CRON_FORM =
  'minutes, hours, day of the month, month, day of the week and year, each a number, a range, a list, a step or *, and ? for one of the days, such as 0 2 * * ? *';

/** What an expression says; undefined where it is none that is known here. */
export function cronOf(text: string): Cron | undefined {
  const parts = text.split(' ');
  if (parts.length !== FIELDS.length) return undefined;
  const [minutes, hours, days, months, weekdays, years] = parts.map((part, index) =>
    part === '?' ? '?' : valuesOf(part, FIELDS[index] as Field),
  );
  const isSet = (values: unknown): values is Set<number> => values instanceof Set;
  if (!isSet(minutes) || !isSet(hours) || !isSet(months) || !isSet(years)) return undefined;
  // One of both fields decides on which days, and the other one says so.
  if (days === '?' && isSet(weekdays)) return { minutes, hours, days: undefined, months, weekdays, years };
  if (weekdays === '?' && isSet(days)) return { minutes, hours, days, months, weekdays: undefined, years };
  return undefined;
}

/** The values of a field: parts with commas between them, each `*`, a value or a range, with a step behind a slash. */
function valuesOf(text: string, field: Field): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [first = '', last] = range === '*' ? [String(field.from), String(field.to)] : range.split('-');
    const from = numberIn(first, field);
    const to = last === undefined ? (step === undefined ? from : field.to) : numberIn(last, field);
    const by = Number(step ?? 1);
    if (from === undefined || to === undefined || to < from || by < 1 || range.split('-').length > 2) return undefined;
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return values;
}

function numberIn(text: string, { from, to, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + from : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : undefined;
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return /^[A-Za-z]/.test(zone);
  } catch {
    return false;
  }
}

const DAY_MS = 86_400_000;
/** So far ahead is looked: a 29 February comes within eight years. */
const MOST_DAYS = 8 * 366;

/**
 * The next times, in milliseconds since 1970. A time that clocks leave out in spring is skipped, and one that they show twice in autumn counts once, as Scheduler has it.
 */
export function nextTimes(cron: Cron, zone: string, after: number, count: number): number[] {
  const times: number[] = [];
  // What the clock shows, read as if it were UTC.
  const today = Math.floor(shownAt(after, zone) / DAY_MS) * DAY_MS;
  for (let day = 0; day <= MOST_DAYS && times.length < count; day += 1) {
    const shown = today + day * DAY_MS;
    if (!isDayOf(cron, new Date(shown))) continue;
    for (const hour of [...cron.hours].sort((one, other) => one - other)) {
      for (const minute of [...cron.minutes].sort((one, other) => one - other)) {
        const time = timeOf(shown + (hour * 60 + minute) * 60_000, zone);
        if (time !== undefined && time > after && times.length < count) times.push(time);
      }
    }
  }
  return times;
}

const isDayOf = ({ days, months, weekdays, years }: Cron, day: Date): boolean =>
  months.has(day.getUTCMonth() + 1) &&
  years.has(day.getUTCFullYear()) &&
  (days?.has(day.getUTCDate()) ?? true) &&
  (weekdays?.has(day.getUTCDay() + 1) ?? true);

/** When the clock of a zone shows this first; undefined where it never does. */
function timeOf(shown: number, zone: string): number | undefined {
  // Offsets before and behind a change of clocks.
  const found = [-DAY_MS, DAY_MS].map((apart) => {
    const near = shown + apart;
    return shown - (shownAt(near, zone) - near);
  });
  return found.sort((one, other) => one - other).find((time) => shownAt(time, zone) === shown);
}

/** What the clock of a zone shows, read as if it were UTC. */
function shownAt(time: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return Date.UTC(
    ...([part('year'), part('month') - 1, part('day')] as const),
    ...([part('hour'), part('minute'), part('second')] as const),
  );
}

/** A time as the clock of a zone shows it, for people. */
export const inZone = (time: number, zone: string): string =>
  `${new Date(shownAt(time, zone)).toISOString().slice(0, 16).replace('T', ' ')} ${zone}`;
