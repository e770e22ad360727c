// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of the Lambda handlers. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/lambda';

export const handlers: readonly Mutant[] = [
  ...mutantsOf(
    'lambda/empty-bucket/handler.ts',
    [`${unit}/empty-bucket/core.test.ts`, `${unit}/empty-bucket/handler.test.ts`],
    ["event.RequestType !== 'Delete'", "event.RequestType === 'Create'", 'a deployment deletes all data'],
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
    'lambda/kafka-topics/handler.ts',
    [`${unit}/kafka-topics/lifecycle.test.ts`, `${unit}/kafka-topics/topics.test.ts`],
    ['partitionsPerWindow = 240', 'partitionsPerWindow = 300', 'the quota stops a deployment half-way'],
    ['windowMs = 310_000', 'windowMs = 100_000', 'the quota stops a deployment half-way'],
    [
      'event.PhysicalResourceId ?? `kafka-topics/${connection.pipeline}`',
      '`kafka-topics/${connection.pipeline}/${goal.declared.length}`',
      'a new topic has the old ones deleted',
    ],
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
    ["type === 'TOPIC_ALREADY_EXISTS' || ", '', 'two deployments at once fail'],
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
    'lambda/restart-registry/handler.ts',
    [`${unit}/restart-registry/core.test.ts`],
    [
      'rotated < deployed',
      'rotated > deployed',
      'the registry loses its database after a rotation, and restarts every five minutes before',
    ],
  ),
  ...mutantsOf(
    'lambda/stop-application/core.ts',
    [`${unit}/stop-application/core.test.ts`],
    ["state === 'STARTED' && runs.length === 0", "state === 'STARTED'", 'a change of the application is refused'],
    ['if (!run.cancelling) await', 'await', 'a run that ends is cancelled again and again'],
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
    ['      await client.query(`DROP ROLE ${escapeIdentifier(name)}`);\n', '', 'a job that is gone can still sign in'],
    ["...(writes.includes(table.name) ? ['INSERT', 'UPDATE'] : [])", "'INSERT', 'UPDATE'", 'a reader can write'],
  ),
  ...mutantsOf(
    'lambda/tables/standing.ts',
    [`${unit}/tables/handler.integration.test.ts`],
    ['!table.columns.includes(column)', 'false', 'a table that somebody altered fails its jobs, not the deployment'],
    ['i.indisunique AND ', '', 'a table without a key is found by the stream that writes it'],
  ),
];
