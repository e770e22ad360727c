// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of what stands for AWS on one machine, where results or exit codes depend on it. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/local';

export const machine: readonly Mutant[] = [
  ...mutantsOf(
    'local/cli/run.ts',
    [`${unit}/cli/exit-code.test.ts`],
    [
      'settled.every(({ addsUp }) => addsUp) && denials.length === 0 ? 0 : 1',
      'denials.length === 0 ? 0 : 1',
      'exit code 0 although rows are missing',
    ],
    ['&& denials.length === 0 ? 0 : 1', '? 0 : 1', 'exit code 0 although AWS would refuse a request'],
    [
      "input.job === undefined && (input.action ?? actionsOf(pipeline)[0]) === 'run'",
      'input.job === undefined && input.action !== undefined',
      'a plain run counts nothing',
    ],
    [
      "if (execution.status !== 'SUCCEEDED') {",
      "if (execution.status === 'ABORTED') {",
      'exit code 0 although the execution failed',
    ],
  ),
  ...mutantsOf(
    'local/accounts/balance.ts',
    [`${unit}/accounts/balance.test.ts`],
    ['addsUp: allSent && allCounted', 'addsUp: allCounted', 'a row that was never sent is not missed'],
    ['summarized + deadLetters;', 'summarized;', 'dead letters do not count, or twice'],
    ['surplus <= counts.deadLettersOfExecution', 'true', 'a row that was sent twice is taken for that of others'],
  ),
  ...mutantsOf(
    'local/accounts/accounts.ts',
    [`${unit}/accounts/accounts.test.ts`, `${unit}/accounts/dead-letters.test.ts`],
    [
      'source.offset >= (before.sent.to[source.partition] ?? 0)',
      'source.offset > (before.sent.to[source.partition] ?? 0)',
      'the first dead letter of an execution is not of it',
    ],
    ['if (balance.addsUp) {', 'if (!balance.addsUp) {', 'rows that are missing are forgotten by the next execution'],
    ['ledger?.clusterId === this.clusterId && ', '', 'the counts of another broker are carried on'],
    ['/ perRowOf(this.pipeline, account)', '/ 1', 'a row that counts in two windows counts twice'],
  ),
  ...mutantsOf(
    'local/accounts/counts.ts',
    [`${unit}/accounts/counts.test.ts`],
    ['if (latest <= batch)', 'if (latest < batch)', 'an old result of a batch is counted'],
    ['batchOf(record) ?? latest', 'batchOf(record) ?? 0', 'what others wrote over a result is not counted'],
    ['hasHeader ? lines - 1 : lines', 'lines', 'the header counts as a row'],
    [
      '(field === undefined && key !== null)',
      'false',
      'a record that a restarted stream wrote again counts as another row',
    ],
  ),
  ...mutantsOf(
    'local/accounts/dead-letters.ts',
    [`${unit}/accounts/dead-letters.test.ts`],
    ['if (![of, replays, undefined].includes(letter.topic)) return;', '', 'dead letters of another source are counted'],
    [
      'letters.set(letter.id,',
      'letters.set(String(letters.size),',
      'a dead letter that was written twice counts twice',
    ],
  ),
  ...mutantsOf(
    'local/cloudformation/condition-expression.ts',
    [`${unit}/cloudformation/stores.test.ts`],
    ['both() || result', 'both() && result', 'a lock is refused that AWS would give'],
    ['inParentheses() === undefined', 'inParentheses() !== undefined', 'two executions run at once'],
    ['left !== undefined && right !== undefined && ', '', 'a lock that nobody holds is released'],
  ),
  ...mutantsOf(
    'local/cloudformation/table-store.ts',
    [`${unit}/cloudformation/stores.test.ts`],
    ['if (!holds(condition, current)) {', 'if (false) {', 'two executions run at once'],
  ),
  ...mutantsOf(
    'local/emr/job-runs.ts',
    [`${unit}/emr/job-runs.test.ts`, `${unit}/emr/job-limits.test.ts`],
    ['request.timeoutMinutes * 60_000', 'request.timeoutMinutes * 3_600_000', 'a job that hangs is not ended'],
    [
      'run.failures.length < maxFailedAttemptsPerHour',
      'run.failures.length <= maxFailedAttemptsPerHour',
      'a stream is tried once more than on AWS',
    ],
    ['now.getTime() - Date.parse(at) < hour', 'true', 'a stream is given up for failures of last week'],
    ['if (same) return same;', '', 'a repeated request starts a second stream on one checkpoint'],
    ['Math.max(graceSeconds, leastGraceSeconds) * 1000', '0', 'a stream is killed in the middle of a batch'],
  ),
  ...mutantsOf(
    'local/emr/emr-serverless.ts',
    [`${unit}/emr/job-limits.test.ts`],
    ['streamingGraceSeconds: 120', 'streamingGraceSeconds: 0', 'a stream is killed in the middle of a batch'],
    ['batchTimeoutMinutes: 720', 'batchTimeoutMinutes: 0', 'a job that hangs here ends on AWS'],
    ['wanted.length === 0 || wanted.includes(state)', 'true', 'runs that have ended keep a stream from starting'],
  ),
  ...mutantsOf(
    'local/services/services.ts',
    [`${unit}/services/services.integration.test.ts`],
    [
      'await Promise.all(stopped.map((definition) => stop(home, definition, 2_000)));',
      '',
      'a first start that fails leaves services that run for ever',
    ],
  ),
  ...mutantsOf(
    'local/emr/spark-submit.ts',
    [`${unit}/emr/spark-submit.test.ts`],
    ['const taskAttempts = 4;', 'const taskAttempts = 1;', 'one failed task fails a job that goes on on AWS'],
  ),
  ...mutantsOf(
    'local/iam/decide.ts',
    [`${unit}/iam/decide.test.ts`, `${unit}/iam/usage.test.ts`],
    ['if (denying.length > 0) {', 'if (false) {', 'what AWS denies works here'],
    ['if (blocked) {', 'if (false) {', 'what no endpoint lets through works here'],
    ['statement.conditions.every(', 'statement.conditions.some(', 'a condition that does not hold is passed over'],
  ),
  ...mutantsOf(
    'local/stepfunctions/clean-up.ts',
    [`${unit}/stepfunctions/clean-up.test.ts`],
    ['expected.some((allowed) => allows(allowed, value))', 'true', 'a clean-up runs after success'],
  ),
  ...mutantsOf(
    'local/stepfunctions/executions.ts',
    [`${unit}/stepfunctions/executions.test.ts`],
    [
      'record.process && isSameProcess(record.process)',
      'record.process',
      'an execution whose command was killed runs for ever, with its lock',
    ],
  ),
  ...mutantsOf(
    'local/home.ts',
    [`${unit}/home.test.ts`],
    ['.purged-`;', '`;', 'a purge removes folders of others whose names begin alike'],
    ['  makeFolder(root);', '  mkdirSync(root, { recursive: true });', 'a home that cannot be made hangs the command'],
    [
      'if (existsSync(join(root, marker))) return;',
      'if (existsSync(root)) return;',
      'a purge removes the files of somebody',
    ],
  ),
  ...mutantsOf(
    'tools/files.mjs',
    ['test/tools/files.test.ts'],
    ['    flush(draft);\n', '', 'a power cut leaves an empty file'],
    ['    flush(folder);\n', '', 'a power cut takes a file back that was told to be written'],
  ),
  ...mutantsOf(
    'tools/processes.mjs',
    [`${unit}/services/process.test.ts`],
    [", TZ: 'UTC'", '', 'a lock is stolen by who has another time zone'],
    ['identityOf(pid)?.startTime === startTime', 'identityOf(pid) !== undefined', 'a stranger is ended for a service'],
  ),
  ...mutantsOf(
    'local/services/launch.ts',
    [`${unit}/services/launch.test.ts`],
    ['listens(identity.pid, port) !== false', 'true', 'the broker of a stranger is taken for ours'],
    ['...serviceEnvironment(files.folder), ', '...process.env, ', 'a variable of somebody changes what a service does'],
    ['renameSync(files.log, files.previousLog)', 'rmSync(files.log)', 'nobody learns why a service died'],
  ),
  ...mutantsOf(
    'local/iam/service.ts',
    [`${unit}/iam/service.test.ts`],
    [' || !timingSafeEqual(given, token)', '', 'whoever guesses the length of a token gets the secrets of all roles'],
  ),
  ...mutantsOf(
    'local/emr/job-runs.ts',
    [`${unit}/emr/job-runs.test.ts`],
    [
      'if (this.current(id).cancelRequestedAt !== undefined) return null;',
      '',
      'what was cancelled while its command was made runs for ever',
    ],
    ['if (outcome !== letGo) endGroup(child.pid);', '', 'processes stay behind jobs that have ended'],
    ['(cancelled && exitCode !== 1)', 'cancelled', 'a stream that failed in its last batch counts as ended well'],
    ['run.attempt < maxAttempts', 'run.attempt <= maxAttempts', 'a job is run twice that AWS runs once'],
  ),
  ...mutantsOf(
    'local/emr/streams.ts',
    [`${unit}/emr/streams.test.ts`],
    [
      'start.submitParameters !== sparkSubmitParameters) return false;',
      'false) return false;',
      'nobody is told that a stream runs old code',
    ],
  ),
  ...mutantsOf(
    'local/emr/spark-submit.ts',
    [`${unit}/emr/spark-submit.test.ts`],
    ["  'spark.ui.enabled': 'false',\n", '', 'each job opens a port to other machines'],
    ["      LANG: 'C.UTF-8',", "      ...process.env,\n      LANG: 'C.UTF-8',", 'a variable of somebody changes a job'],
  ),
  ...mutantsOf(
    'local/stepfunctions/executions.ts',
    [`${unit}/stepfunctions/executions.test.ts`],
    ['keptExecutions = 50', 'keptExecutions = 5', 'executions of this morning are forgotten'],
    ["?.status !== 'RUNNING');\n  }", '?.status !== undefined);\n  }', 'an execution that runs is forgotten'],
  ),
  ...mutantsOf(
    'local/accounts/accounts.ts',
    [`${unit}/accounts/accounts.test.ts`],
    ['topics.every(goesOn)', 'true', 'after topics were made again rows are missing that are there'],
  ),
  ...mutantsOf(
    'local/cli/replay.ts',
    [`${unit}/cli/replay.test.ts`],
    ['topic !== this.topic || ', '', 'dead letters come back to another stream'],
    ['timestampMs < to', 'timestampMs <= to', 'more is sent again than was asked for'],
  ),
  ...mutantsOf(
    'local/cli/down.ts',
    [`${unit}/cli/streams.test.ts`],
    ['    await endProcess(command, commandGraceMs);\n', '', 'an execution goes on without services'],
    ['purge ? 0 : streamGraceSeconds', '0', 'a stream is killed in the middle of a batch'],
  ),
  ...mutantsOf(
    'local/cli/run.ts',
    [`${unit}/cli/exit-code.test.ts`, `${unit}/cli/run.test.ts`],
    ['if (folder !== undefined) await checkSampleData(pipeline, folder);', '', 'a bad file is found after minutes'],
    ['  forgetOld(machines.executions, machines.jobRuns, pipeline.name);\n', '', 'a home grows for ever'],
    ['    machines.jobRuns.stop();\n', '', 'jobs without a broker go on for minutes'],
  ),
  ...mutantsOf(
    'local/cli/main.ts',
    [`${unit}/home.test.ts`],
    ['inJson ? escaped(text) : visible(text)', 'text', 'a record drives the terminal'],
    ['process.exitCode = signalCode ?? process.exitCode;', '', 'a script takes what was interrupted for done'],
    [
      "if (!hasErrorCode(error, 'EPIPE')) throw error;",
      'throw error;',
      'a reader that has seen enough is a stack trace',
    ],
  ),
  ...mutantsOf(
    'local/cli/main.ts',
    [`${unit}/cli/usage.test.ts`],
    ["if (hasErrorCode(error, 'EPIPE')) return;", '', 'a run ends when nobody reads its progress any more'],
  ),
  ...mutantsOf(
    'local/cli/terminal.ts',
    [`${unit}/cli/terminal.test.ts`],
    ['this.elapsed())}  ${visible(text)}', 'this.elapsed())}  ${text}', 'a record drives the terminal'],
    [
      "this.paint('31', visible(words))}${visible(text)}",
      "this.paint('31', visible(words))}${text}",
      'an error drives the terminal',
    ],
  ),
  ...mutantsOf(
    'local/cloudformation/deploy.ts',
    [`${unit}/cloudformation/deploy.test.ts`],
    ['stacks.toReversed()', 'stacks', 'something is deleted that others still use'],
  ),
  ...mutantsOf(
    'local/cloudformation/stack-deployment.ts',
    [`${unit}/cloudformation/deploy.test.ts`],
    ['.filter(({ retain }) => !retain)', '', 'a deployment that fails deletes what was to be kept'],
  ),
  ...mutantsOf(
    'local/cloudformation/synthesize.ts',
    [`${unit}/cloudformation/synthesize.test.ts`],
    ["'lambda', 'jobs'", "'jobs'", 'a change of a handler is not deployed'],
  ),
];
