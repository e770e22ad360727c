// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of declarations and environments. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/lib/declaration';

export const declaration: readonly Mutant[] = [
  ...mutantsOf(
    'lib/declaration/limits.ts',
    [`${unit}/jobs.test.ts`],
    ['most * 0.9', 'most * 0.95', 'EMR refuses a job that was accepted here'],
    ['4: [8, 30]', '4: [8, 60]', 'EMR refuses a job that was accepted here'],
  ),
  ...mutantsOf(
    'lib/declaration/limits.ts',
    [`${unit}/kinds.test.ts`],
    ["'retention.bytes': wholeFrom(-1)", "'retention.bytes': wholeFrom(0)", 'a topic that MSK takes is refused'],
  ),
  ...mutantsOf(
    'lib/declaration/cron.ts',
    [`${unit}/schedules.test.ts`],
    [
      '.sort((one, other) => one - other).find(',
      '.sort((one, other) => other - one).find(',
      'a time of autumn is told an hour late',
    ],
    ['time > after', 'time >= after', 'a schedule is said to come when it has just come'],
    ['day.getUTCDay() + 1', 'day.getUTCDay()', 'a job is said to run a day late'],
  ),
  ...mutantsOf(
    'lib/declaration/parameter.ts',
    [`${unit}/jobs.test.ts`],
    ['value.length <= LONGEST_TEXT', 'value.length < LONGEST_TEXT', 'a text that is allowed is refused'],
    ['Number(value) <= rule.maximum', 'Number(value) < rule.maximum', 'a number that is allowed is refused'],
  ),
  ...mutantsOf(
    'lib/declaration/checks/json-schema.ts',
    [`${unit}/checks/json-schema.test.ts`],
    ['MOST_DIGITS = 18', 'MOST_DIGITS = 38', 'a stream fails at its first record'],
  ),
  ...mutantsOf(
    'lib/declaration/kinds/dataset.ts',
    [`${unit}/kinds.test.ts`],
    ['fileSize = 128', 'fileSize = 1', 'maintenance makes files that are too small'],
    ['keep = days(7)', 'keep = hours(7)', 'what was yesterday cannot be read any more'],
    ['Math.ceil(keep / hours(1))', 'Math.floor(keep / hours(1))', 'states are forgotten before the declaration says'],
  ),
  ...mutantsOf(
    'lib/declaration/connectors/debezium-postgres.ts',
    [`${unit}/connectors.test.ts`],
    ['.length > 63', '.length > 630', 'two connectors share a slot whose name was cut off'],
    ['?? 5432)', '?? 5433)', 'a connector does not reach its database'],
  ),
  ...mutantsOf(
    'lib/declaration/event-time.ts',
    [`${unit}/plan.test.ts`, `${unit}/jobs.test.ts`],
    ['hours(24 * count)', 'hours(count)', 'a day of an hour: the watermark overtakes a backlog and drops its rows'],
    ['const MINUTE_MS = 60_000;', 'const MINUTE_MS = 6_000;', 'the watermark is ten times too near'],
    ['const SEGMENT_ROLL_MS = days(7);', 'const SEGMENT_ROLL_MS = days(1);', 'records of an open segment are dropped'],
    [
      'const DELETION_MS = 10 * MINUTE_MS;',
      'const DELETION_MS = 0;',
      'records that wait for their deletion are dropped',
    ],
    [
      'export const FUTURE_MINUTES = 10;',
      'export const FUTURE_MINUTES = 600;',
      'one clock that is wrong drops the rows of all',
    ],
    ['const PARTITION_ROWS = 500_000;', 'const PARTITION_ROWS = 500;', 'a hundred tasks and files in each micro-batch'],
    ['(delayMs + windows.minutes * MINUTE_MS)', '(delayMs)', 'state is planned without the window that is open'],
    [
      'export const DEFAULT_LATENESS_MINUTES = 10;',
      'export const DEFAULT_LATENESS_MINUTES = 1;',
      'events of ten minutes ago become dead letters',
    ],
  ),
  ...mutantsOf(
    'lib/declaration/connector.ts',
    [`${unit}/connectors.test.ts`],
    ['SECRET_NAME.test(setting) || ', '', 'a password stands in templates'],
    ["value.includes('${')", 'false', 'an author reads any file of a worker'],
    ['`\\${directory:secrets:${value.file}}`', 'value.key', 'a connector signs in with the name of a key'],
  ),
  ...mutantsOf(
    'lib/declaration/connectors/iceberg-sink.ts',
    [`${unit}/sinks.test.ts`],
    ["'by_duration:P1D'", "'latest'", 'what a worker read before its first commit is lost when it ends just then'],
    ["'errors.tolerance': 'all'", "'errors.tolerance': 'none'", 'one record that is no row stops all others'],
    [
      'if (alone && Object.keys(reads).length === 0) continue;',
      'if (alone) continue;',
      'a job and a connector add the same records',
    ],
    ['else if (property.type !== type)', 'else if (false)', 'every record of a topic becomes a dead letter'],
  ),
  ...mutantsOf(
    'lib/declaration/connectors/debezium-postgres.ts',
    [`${unit}/connectors.test.ts`],
    ["'slot.name': connectorSlot(pipeline, name),", '', 'two connectors share a slot, and each loses changes'],
    ['exactly(`${prefix}.${table}`)', '`${prefix}.${table}`', 'changes of another table come to a topic'],
  ),
  ...mutantsOf(
    'lib/declaration/kinds/topic.ts',
    [`${unit}/kinds.test.ts`, `${unit}/plan.test.ts`, `${unit}/jobs.test.ts`],
    ['this.replayDays * 1_440', 'this.replayDays * 60', 'replays of yesterday are late'],
    ['Math.max(...retentions)', 'Math.min(...retentions)', 'records of the topic that keeps longer are dropped'],
    ['return replays ? replayDays : 0;', 'return replayDays;', 'state is kept for a week for replays that cannot come'],
    [
      'source.maxMessageBytes + DEAD_LETTER_BYTES',
      'source.maxMessageBytes',
      'a large bad record stops the stream for ever',
    ],
  ),
  ...mutantsOf(
    'lib/declaration/flow.ts',
    [`${unit}/flow.test.ts`],
    ['batch.filter((name) => feeding.has(name))', 'batch', 'results are shown before the streams have made them'],
    [
      "(during.length + after.length > 0 || streams.length === 0 ? 'run' : 'start')",
      "'run'",
      'streams without a sender are ended as soon as they run',
    ],
    ["Math.max(0, ...cores('batch'))", '0', 'a pipeline takes more vCPU than the account has'],
  ),
  ...mutantsOf(
    'lib/declaration/names.ts',
    [`${unit}/plan.test.ts`, 'test/lambda/prepare/core.test.ts'],
    ['`millrace.${pipeline}.${job}`', '`millrace.${pipeline}`', 'two jobs share the rights on their consumer groups'],
    [
      '`${CHECKPOINTS}/${pipeline}/${kebab(job)}`',
      '`${CHECKPOINTS}/${pipeline}`',
      'two streams write into one checkpoint',
    ],
    ['`${folder}/${pipeline}`', '`${folder}`', 'a pipeline may write over the results of another'],
  ),
  ...mutantsOf(
    'lib/declaration/parameter.ts',
    ['test/lambda/prepare/core.test.ts', `${unit}/validate.test.ts`],
    ['Number(value) >= rule.minimum && ', '', 'a negative rate is taken'],
    ['new RegExp(`^(?:${pattern})$`', 'new RegExp(`^(?:${pattern})`', 'a text that only begins right is taken'],
  ),
  ...mutantsOf(
    'config/environment.ts',
    ['test/config/environment.test.ts'],
    [
      'const connections = 2 * registry.tasks',
      'const connections = registry.tasks',
      'a deployment of the registry runs out of connections',
    ],
    ["name.startsWith('prod') && environment.removal === 'destroy'", 'false', 'production data goes with its stack'],
    [
      'if (needed > spark.maximumCores)',
      'if (needed >= spark.maximumCores + 100)',
      'jobs wait for vCPU that never come',
    ],
  ),
  ...mutantsOf(
    'config/prod.ts',
    ['test/aws/values.test.ts'],
    ['    backupDays: 14,', '    backupDays: 1,', 'schemas of last week cannot be restored'],
    ["removal: 'retain',", "removal: 'destroy',", 'production data goes with its stack'],
    ['monthlySpendLimit: 1_500', 'monthlySpendLimit: 15_000', 'nobody hears of a bill of 10,000 dollars'],
  ),
  ...mutantsOf(
    'config/dev.ts',
    ['test/aws/values.test.ts'],
    ['idleMinutes: 15', 'idleMinutes: 1_500', 'workers that do nothing are paid for a day'],
  ),
  ...mutantsOf(
    'lib/declaration/common.ts',
    [`${unit}/common.test.ts`],
    ['maximum: 20_000', 'maximum: 200_000', 'rows come slower than was asked for, without a word'],
    ['maximum: 100_000_000', 'maximum: 10_000_000_000', 'ids run over'],
    ['DEFAULT_TRIGGER_SECONDS = 2', 'DEFAULT_TRIGGER_SECONDS = 200', 'results are minutes old'],
  ),
  ...mutantsOf(
    'lib/declaration/kinds/table.ts',
    [`${unit}/tables.test.ts`],
    ['IDENTIFIER.test(name) && !mentions(sql, name)', 'false', 'a misspelt column is found by a deployment'],
    ["if (use.mode === 'stream') note", 'if (false) note', 'a stream fails when it is started'],
    ['role.length > LONGEST_IDENTIFIER', 'false', 'two jobs get one role, its name cut off'],
    ['name === pipeline ||', 'true ||', 'two pipelines share a database on one machine'],
  ),
  ...mutantsOf(
    'lib/declaration/checks/tables.ts',
    [`${unit}/tables.test.ts`],
    ['thing.props.database !== database', 'false', 'tables of a second database are looked for in the first'],
    ['ENDS_TRANSACTION.test(sql)', 'false', 'half a migration stays'],
  ),
];
