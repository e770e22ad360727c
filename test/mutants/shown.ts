/** Mutants of what commands show of topics, rejected lines and executions. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/local/cli';
const [topics, rejects, executions] = ['topics', 'rejects', 'executions'].map((name) => [
  `${unit}/${name}.test.ts`,
]) as [string[], string[], string[]];

export const shown: readonly Mutant[] = [
  ...mutantsOf(
    'local/cli/status.ts',
    [`${unit}/status.test.ts`],
    [
      "all.findLast((one) => one.status === 'RUNNING') ?? all.at(-1)",
      'all.at(-1)',
      'a refused execution hides the one that runs',
    ],
    ['memoryBytes / 1024 ** 2', 'memoryBytes / 1000 ** 2', 'services look larger than they are'],
  ),
  ...mutantsOf(
    'local/cli/run-outcome.ts',
    [`${unit}/run-outcome.test.ts`],
    ['deadLetters > 0)', 'deadLetters > 1)', 'nobody is told where a dead letter is'],
    ['rejected > 0) ? [`rejects', 'rejected > 1) ? [`rejects', 'nobody is told where a rejected line is'],
  ),
  ...mutantsOf(
    'local/accounts/records.ts',
    topics,
    ['&& context ? rawJSON(context.source) : value', '? value : value', 'an amount loses its last digits'],
    ['!partitions.every(isEnough)', 'false', 'the newest records are others'],
    ["schema?.format === 'json' ? exactObject :", '', 'an amount loses its last digits'],
  ),
  ...mutantsOf(
    'local/visible.ts',
    topics,
    ["visible(text).replaceAll('\\n', '␊')", 'visible(text)', 'a value of a stranger looks like records'],
    ['hidden.charCodeAt(at))', 'hidden.charCodeAt(0))', 'what a record hides is told as something else'],
  ),
  ...mutantsOf(
    'local/cli/topics.ts',
    topics,
    ['find(({ replays }) => replays === topic)?.source ??', '', 'replays cannot be read'],
    ['another.topic.name !== found.topic.name', 'false', 'a topic of another pipeline is shown'],
    [
      'topic.deadLettersOf?.name === found.topic.name',
      'topic.deadLettersOf',
      'dead letters of another topic are shown',
    ],
    ["text !== '' && fitsInstant(text)", 'true', 'a wrong time is taken for one'],
    ['if (shown === most) enough.abort();', '', 'a topic is read to its end for two records'],
    ['if (reasons.includes(reason)) return true;', 'return true;', 'dead letters of other reasons are shown'],
    ['others[reason] = (others[reason] ?? 0) + 1;', '', 'a wrong reason looks like a topic without dead letters'],
    ['since({ [begin.partition]: begin.offset },', 'since({},', 'reading begins elsewhere'],
    ['valueDecoded: value.decoded', 'valueDecoded: true', 'a broken record looks whole'],
  ),
  ...mutantsOf(
    'local/cli/rejects.ts',
    rejects,
    ['known.at(-1)', 'known.at(0)', 'rejects of an old execution are shown'],
    ['one.execution === chosen)', 'one)', 'rejects of other executions are shown'],
    ["visibleLine(String(rejected.text ?? ''))", "String(rejected.text ?? '')", 'a line of a file drives the terminal'],
    ['if (!read || !written) return [];', '', 'a job that reads no file breaks the command'],
  ),
  ...mutantsOf(
    'local/cli/executions.ts',
    executions,
    [
      'one.startedAt < other.startedAt ? -1 : 1',
      'one.startedAt < other.startedAt ? 1 : -1',
      'the latest is another one',
    ],
    ["what === 'show' || found.status === 'RUNNING'", 'true', 'an ended execution is stopped'],
    ['await endProcess(command, commandGraceMs)', "'ended' as const", 'what is stopped goes on'],
    ['partsOf(run).execution === record.name', 'true', 'jobs of other executions are shown'],
    ["typeof input.job === 'string' && { job: kebab(input.job) }", 'false', 'nobody knows which job was run'],
    ['pipeline === undefined || record.pipeline === pipeline', 'true', 'executions of other pipelines are listed'],
    ['visibleLine(text)}`]', 'text}`]', 'the cause of a failure drives the terminal'],
  ),
  ...mutantsOf(
    'local/cli/sample-data.ts',
    ['test/local/cli/check.test.ts'],
    [
      'refuse(folder, await mistakesOfTables(pipeline, folder));',
      '',
      'a bad table ends a run after its streams have started',
    ],
  ),
  ...mutantsOf(
    'local/cli/run-outcome.ts',
    ['test/local/cli/run-outcome.test.ts'],
    ['run.id < now.id && asked(run) === asked(now)', 'asked(run) === asked(now)', 'nothing is ever new'],
    ['run.id < now.id && asked(run) === asked(now)', 'run.id < now.id', 'all is new after a look at one region'],
  ),
  ...mutantsOf(
    'local/cli/completion.ts',
    ['test/local/cli/commands.test.ts'],
    ['...command.options.flatMap', '...[].flatMap', 'no option is completed'],
  ),
  ...mutantsOf(
    'local/cli/filters.ts',
    ['test/local/cli/filters.test.ts'],
    ['Date.parse(asked) > last', 'false', 'a run waits for results of next year'],
    ['[...values, ...others].includes(asked)', 'values.includes(asked)', 'a run for what has no region is refused'],
  ),
  ...mutantsOf(
    'local/check/columns.py',
    ['jobs/pyspark/millrace/tests/test_columns.py'],
    ['if LEADING_ZERO.fullmatch(text):', 'if False:', 'postcodes lose their zeros'],
  ),
  ...mutantsOf(
    'local/check/seen.py',
    ['jobs/pyspark/millrace/tests/test_columns.py'],
    ['while name.lower() in taken:', 'while False:', 'two columns of one name'],
  ),
  ...mutantsOf(
    'tools/scaffold/file-schemas.ts',
    ['test/local/cli/new.test.ts'],
    ['...(isRenamed ? { header } : {}),', '', 'a new pipeline refuses the file that it was made of'],
  ),
  ...mutantsOf(
    'tools/scaffold/from-file.ts',
    ['test/local/cli/new.test.ts'],
    ['canBeKey(column) && !column.nullable', 'canBeKey(column)', 'rows without a key are rejected unasked'],
  ),
  ...mutantsOf(
    'lambda/results-table/core.ts',
    ['test/lambda/results-table/core.test.ts'],
    ["'<': '&lt;'", "'<': '<'", 'a record runs a script on a dashboard'],
    ['if (files.length === 0) continue;', '', 'the dashboard shows no results after a job ran alone'],
  ),
];
