// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of the Lambda handlers. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/lambda';

export const handlers: readonly Mutant[] = [
  ...mutantsOf(
    'lambda/empty-bucket/handler.ts',
    [`${unit}/empty-bucket/core.test.ts`, `${unit}/empty-bucket/handler.test.ts`],
    ["event.RequestType !== 'Delete'", "event.RequestType === 'Create'", 'a deployment deletes all data'],
    ['if (error instanceof NoSuchBucket) return undefined;', '', 'a bucket that is gone keeps its stack from going'],
    ['[...Versions, ...DeleteMarkers]', '[...Versions]', 'a bucket with deleted objects cannot go'],
  ),
  ...mutantsOf(
    'lambda/clean-up/handler.ts',
    [`${unit}/clean-up/handler.test.ts`],
    ["            ConditionExpression: 'holder = :holder',\n", '', 'the lock of a running execution is released'],
    ['} while (nextToken);', '} while (false);', 'runs on a second page go on and cost money'],
    [
      "['ResourceNotFoundException', 'ValidationException']",
      "['ResourceNotFoundException', 'ValidationException', 'AccessDeniedException']",
      'the lock is released while streams run',
    ],
  ),
  ...mutantsOf(
    'lambda/clean-up/core.ts',
    [`${unit}/clean-up/core.test.ts`],
    ['name === execution.name', 'name?.startsWith(execution.name)', 'runs of another execution are ended'],
    ['length: 60', 'length: 6', 'a stream that ends slowly keeps its lock'],
    ["if (run.state !== 'CANCELLING') await", 'await', 'a run on its way out is cancelled again'],
    ['SECOND_LOOK_MS = 3_000', 'SECOND_LOOK_MS = 0', 'a run that was just started is not seen'],
  ),
  ...mutantsOf(
    'lambda/clean-up/core.ts',
    [`${unit}/clean-up/core.test.ts`],
    ['[1_000, 2_000, ...', '[60_000, 60_000, ...', 'a pipeline is held up after each failure'],
  ),
  ...mutantsOf(
    'lambda/connectors/connectors.ts',
    [`${unit}/connectors/connectors.test.ts`],
    ['withinMs: 120_000', 'withinMs: 1_200', 'a deployment is rolled back because a worker takes its time'],
    ['inRow: 3', 'inRow: 1', 'a deployment succeeds with a connector that fails a moment later'],
    ['everyMs: 1_500', 'everyMs: 15', 'a worker is asked without a break'],
  ),
  ...mutantsOf(
    'lambda/connectors/handler.ts',
    [`${unit}/connectors/starting.test.ts`],
    ['startingMs = 6 * 60_000', 'startingMs = 60 * 60_000', 'the function is killed before it says what is wrong'],
    ['leavingMs = 30_000', 'leavingMs = 30_000_000', 'a stack hangs for an hour before it goes'],
    ['[409, 502, 503, 504]', '[502, 503, 504]', 'a worker that divides its work fails the deployment'],
  ),
  ...mutantsOf(
    'lambda/connectors/connectors.ts',
    [`${unit}/connectors/connectors.test.ts`],
    ["refuse('connectors', mistakes.flat());", '', 'a misspelt setting is passed over in silence'],
    ['if (!names.has(name)) await', 'if (names.has(name)) await', 'a connector that was removed goes on'],
    ['if (had?.failed) await', 'if (!had) await', 'a task that failed never runs again'],
    ["state === 'FAILED'", "state === 'LOST'", 'a deployment succeeds with a connector that does not run'],
    [
      "state === 'RUNNING' || state === 'PAUSED'",
      "state === 'RUNNING'",
      'a connector that a person paused stops every deployment',
    ],
    ['tasks.length > 0 && all.every', 'all.every', 'a connector without tasks counts as running'],
  ),
  ...mutantsOf(
    'lambda/kafka-topics/handler.ts',
    [`${unit}/kafka-topics/lifecycle.test.ts`, `${unit}/kafka-topics/topics.test.ts`],
    ['partitionsPerWindow = 240', 'partitionsPerWindow = 300', 'the quota stops a deployment half-way'],
    ['windowMs = 310_000', 'windowMs = 100_000', 'the quota stops a deployment half-way'],
    [
      'Math.min(partitionsPerWindow, windows * partitionsPerWindow - done)',
      'windows * partitionsPerWindow - done',
      'the quota stops a deployment half-way',
    ],
    [
      '/\\.kafka-serverless\\./.test(bootstrapServers)',
      'true',
      'MSK Express, or a broker on this machine, makes 250 partitions in five minutes',
    ],
    ['    await checkSteps(admin, steps);\n', '', 'a topic that is refused is found when others are made already'],
    [
      'event.PhysicalResourceId ?? `kafka-topics/${connection.pipeline}`',
      '`kafka-topics/${connection.pipeline}/${goal.declared.length}`',
      'a new topic has the old ones deleted',
    ],
  ),
  ...mutantsOf(
    'lambda/kafka-topics/handler.ts',
    [`${unit}/kafka-topics/topics.test.ts`],
    ['settleMs = 10_000', 'settleMs = 1_000_000', 'the function is killed while it waits for leaders'],
  ),
  ...mutantsOf(
    'lambda/kafka-topics/topics.ts',
    [`${unit}/kafka-topics/topics.test.ts`],
    ['leader >= 0 && partitionErrorCode === 0', 'partitionErrorCode === 0', 'jobs start on topics without leaders'],
    [
      'goal.declared.every(({ name }) => existing.get(name)?.hasLeaders)',
      'true',
      'jobs start on topics without leaders',
    ],
    ['replicationFactor: -1', 'replicationFactor: 1', 'MSK refuses every topic, or keeps one copy'],
    ['agreeMs = 30_000', 'agreeMs = 0', 'a topic that only some brokers know fails the deployment'],
    ['requestTimeoutMs = 30_000', 'requestTimeoutMs = 300', 'a cluster that takes its time fails the deployment'],
    ['  await alter(admin, steps.alter, true);\n', '', 'a setting that is refused is found when others are changed'],
    ["type === 'TOPIC_ALREADY_EXISTS' || ", '', 'two deployments at once fail'],
    [
      'validateOnly && !verdicts.has(type)',
      '!verdicts.has(type)',
      'a topic that may not be made is waited for an hour',
    ],
    [
      '(type === undefined || !isHarmless(type))',
      '(type !== undefined && !isHarmless(type))',
      'a topic that cannot be made is waited for an hour',
    ],
    ["type === 'UNKNOWN_TOPIC_OR_PARTITION';", "type === '';", 'a topic that somebody has deleted fails a deployment'],
  ),
  ...mutantsOf(
    'lambda/kafka/client.ts',
    [`${unit}/kafka/client.test.ts`],
    ['retries: 7', 'retries: 0', 'a new network interface fails the deployment'],
    [
      'authenticationTimeout: 10_000',
      'authenticationTimeout: 100',
      'a cluster that takes its time fails the deployment',
    ],
    ['maxRetryTime: 5_000', 'maxRetryTime: 500_000', 'the function is killed while it waits'],
    ['requestTimeout: 60_000', 'requestTimeout: 600', 'a cluster that takes its time fails the deployment'],
    ['ssl: true, ', '', 'MSK closes the connection'],
  ),
  ...mutantsOf(
    'lambda/kafka-topics/steps.ts',
    [`${unit}/kafka-topics/steps.test.ts`, `${unit}/kafka-topics/lifecycle.test.ts`],
    ["onRemoval === 'delete' && !names.has(name)", '!names.has(name)', 'a topic that was to be kept is deleted'],
    [
      "if (policy.includes('compact')) {",
      "if (policy === 'compact,delete') {",
      'keys of a compacted topic move to other partitions',
    ],
    ['if (partitions < now.partitions) {', 'if (partitions < 0) {', 'a deployment waits for partitions that cannot go'],
    ['if (asSet(policy) !== asSet(wanted)) {', 'if (policy !== wanted) {', 'a topic that is as declared is refused'],
    ['  if (!isOurs) {', '  if (false) {', 'the topic of somebody else is changed for ever'],
  ),
  ...mutantsOf(
    'lambda/prepare/core.ts',
    [`${unit}/prepare/core.test.ts`, `${unit}/prepare/input-file.test.ts`, `${unit}/prepare/token.test.ts`],
    ['JSON.stringify([execution.name, request])', 'JSON.stringify(request.job)', 'the second execution starts no job'],
    [
      "runs(['run', 'stop', 'upgrade'], work.about, 'drain')",
      "runs(['run', 'stop'], work.about, 'drain')",
      'an upgrade does not drain',
    ],
    [
      'if (text.length > LONGEST_ARGUMENT) {',
      'if (text.length > LONGEST_ARGUMENT * 10) {',
      'an execution fails after its streams were started',
    ],
    ["kind === 'stream' && rebuild ? { rebuild } : {}", '{}', 'a rebuild does nothing'],
    ["['input', input],", '', 'what an execution sets is not used'],
    [
      "url.startsWith(prefix) ? url.slice(prefix.length) : ''",
      'url.slice(prefix.length)',
      'a file that no role may read fails hours later',
    ],
  ),
  ...mutantsOf(
    'lambda/registry-artifacts/client.ts',
    [`${unit}/registry-artifacts/starting.test.ts`],
    ['[429, 502, 503, 504]', '[429, 502]', 'a registry that is still starting fails the deployment'],
  ),
  ...mutantsOf(
    'lambda/custom-resource/rest.ts',
    [`${unit}/registry-artifacts/starting.test.ts`],
    ['requestTimeoutMs = 20_000', 'requestTimeoutMs = 20_000_000', 'a registry that hangs has the function killed'],
  ),
  ...mutantsOf(
    'lambda/registry-artifacts/handler.ts',
    [`${unit}/registry-artifacts/starting.test.ts`],
    ['startingMs = 8 * 60_000', 'startingMs = 80 * 60_000', 'the function is killed before it says what is wrong'],
  ),
  ...mutantsOf(
    'lambda/restart-registry/handler.ts',
    [`${unit}/restart-registry/core.test.ts`],
    [
      'rotated < deployed',
      'rotated > deployed',
      'the registry loses its database after a rotation, and restarts every five minutes before',
    ],
  ),
  ...mutantsOf(
    'lambda/restart-registry/handler.ts',
    [`${unit}/restart-registry/handler.test.ts`],
    ['forceNewDeployment: true', 'forceNewDeployment: false', 'the registry loses its database after a rotation'],
    ["status === 'PRIMARY'", "status === 'ACTIVE'", 'the registry restarts again and again while it restarts'],
  ),
  ...mutantsOf(
    'lambda/stop-application/handler.ts',
    [`${unit}/stop-application/handler.test.ts`],
    [
      'const states = [...ALIVE_STATES];',
      "const states = ['RUNNING' as const];",
      'a change of the application is refused',
    ],
    [
      "cancelling: state === 'CANCELLING'",
      'cancelling: true',
      'a change of the application waits for streams for ever',
    ],
  ),
  ...mutantsOf(
    'lambda/stop-application/core.ts',
    [`${unit}/stop-application/core.test.ts`],
    ["state === 'STARTED' && runs.length === 0", "state === 'STARTED'", 'a change of the application is refused'],
    ['if (!run.cancelling) await', 'await', 'a run that ends is cancelled again and again'],
    ['pauseMs = 5_000', 'pauseMs = 50', 'the service refuses requests of all'],
    ["|| state === 'STARTING' ", '', 'runs of an application that starts are begun before they are ended'],
  ),
  ...mutantsOf(
    'lambda/stop-application/handler.ts',
    [`${unit}/stop-application/handler.test.ts`],
    ['limitMs = 13 * 60_000', 'limitMs = 130 * 60_000', 'the function is killed before it says what is wrong'],
    [
      'if (!(error instanceof ValidationException)) throw error;',
      '',
      'a right that is missing is told as a run that does not end',
    ],
  ),
  ...mutantsOf(
    'lambda/tables/migrations.ts',
    [`${unit}/tables/handler.integration.test.ts`],
    [
      'applied.get(name) !== sha256Of(sql)',
      'applied.get(name) === undefined',
      'a change of an applied migration is never made, in silence',
    ],
    ["await client.query('ROLLBACK')", "await client.query('COMMIT')", 'half a migration stays'],
    [
      'name.slice(0, 3) <= last.slice(0, 3)',
      'name.slice(0, 3) < last.slice(0, 3)',
      'a migration is applied behind one of its number',
    ],
    ['slice(0, Number(position) - 1)', 'slice(0, 1)', 'a mistake is told in the wrong line'],
    [
      'ALTER TABLE ${OWN}.position ENABLE ROW LEVEL SECURITY;\n',
      '',
      'a job can undo what another notes of its batches, which come again',
    ],
  ),
  ...mutantsOf(
    'lambda/tables/roles.ts',
    [`${unit}/tables/handler.integration.test.ts`],
    [
      'const list = columns.map(',
      'const list = ["note", ...columns].map(',
      'a job reads and writes columns that are not declared',
    ],
    [
      'REVOKE ALL ON ALL TABLES IN SCHEMA',
      'REVOKE INSERT ON ALL TABLES IN SCHEMA',
      'a right that was taken from the declaration stays',
    ],
    ['    await client.query(`DROP ROLE ${escapeIdentifier(name)}`);\n', '', 'a job that is gone can still sign in'],
    ["...(isWritten ? ['INSERT', 'UPDATE'] : [])", "'INSERT', 'UPDATE'", 'a reader can write'],
  ),
  ...mutantsOf(
    'lambda/tables/publications.ts',
    [`${unit}/tables/handler.integration.test.ts`],
    [
      'await client.query(`DROP PUBLICATION ${escapeIdentifier(name)}`);',
      '',
      'what nobody is to follow can be followed',
    ],
    ['SET TABLE ${list}', 'ADD TABLE ${list}', 'a second deployment of the same is refused'],
    ["keyOf('Client Key')", "keyOf('Client')", 'no connector can sign in on AWS'],
  ),
  ...mutantsOf(
    'lambda/tables/standing.ts',
    [`${unit}/tables/handler.integration.test.ts`],
    ['!table.columns.includes(column)', 'false', 'a table that somebody altered fails its jobs, not the deployment'],
    ['i.indisunique AND ', '', 'a table without a key is found by the stream that writes it'],
  ),
];
