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
    ['?? 0) <= batch', '?? 0) < batch', 'an old result of a batch is counted'],
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
];
