// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
/** Mutants of what is made on AWS. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/lib/constructs';
const values = 'test/aws/values.test.ts';
const stacks = 'test/lib/stacks/stacks.test.ts';
/** The table of what is a number, a switch or a condition of the state machine. */
const table = [`${unit}/workflow/definition.test.ts`];
/** Its branches, executed. */
const branches = [`${unit}/workflow/execution.test.ts`];

const workflow: readonly Mutant[] = [
  ...mutantsOf(
    'lib/declaration/limits.ts',
    [...table, 'test/lambda/clean-up/handler.test.ts'],
    ["['SUBMITTED', 'PENDING'", "['PENDING'", 'a run that has just been submitted is left behind, and costs money'],
    ["'QUEUED', 'RUNNING'", "'RUNNING'", 'a run that waits for vCPU is left behind, and costs money'],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/states.ts',
    table,
    ['START_POLLS = pollsOf(10)', 'START_POLLS = pollsOf(1)', 'each cold start over a minute fails'],
    ['COMMIT_POLLS = pollsOf(3)', 'COMMIT_POLLS = pollsOf(1)', 'a slow first batch fails the run'],
    ['END_POLLS = pollsOf(5)', 'END_POLLS = pollsOf(1)', 'a stream that finishes its batch fails the run'],
    ['POLL_SECONDS = 5', 'POLL_SECONDS = 60', 'a run waits a minute for each answer'],
    ['FAILED_ATTEMPTS_PER_HOUR = 3', 'FAILED_ATTEMPTS_PER_HOUR = 1', 'one lost worker ends a stream for good'],
    ['Math.max(...minutes) + 5', 'Math.max(...minutes) - 5', 'a job is given up before its own limit'],
    ['MaxAttempts: 5', 'MaxAttempts: 0', 'one throttled call fails an execution'],
    ['  MaxConcurrency: 1,', '  MaxConcurrency: 0,', 'streams start at once, not upstream first'],
    [
      "ErrorEquals: ['States.ALL'], ResultPath: '$.caught'",
      "ErrorEquals: ['States.Timeout'], ResultPath: '$.caught'",
      'an execution that fails leaves its streams and its lock',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/lock.ts',
    branches,
    ['ConditionExpression: `${condition} OR holder = :me`,', '', 'two executions run at once'],
    ["put('holder = :dead'", "put('attribute_exists(pipeline)'", 'two executions take over one lock'],
    [
      "ConditionExpression: 'holder = :me',",
      "ConditionExpression: 'attribute_exists(holder) OR holder = :me',",
      'the lock of another execution is released',
    ],
    [
      "is('$.holder.status', 'RUNNING')",
      "is('$.holder.status', 'PENDING')",
      'the lock of a running execution is taken over',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/runs.ts',
    branches,
    ["[not(ours), 'LetRun'],", '', 'runs of other pipelines are ended'],
    [
      "[all(toEnd, is('$.run.State', 'CANCELLING')), 'CountRun'],",
      '',
      'a stream that is ending is cancelled again and again',
    ],
    [
      '`${run}.$`,\n      `States.Format',
      '`${run}.$`,\n      `States.Formats',
      'no execution gets beyond its first step',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/jobs.ts',
    branches,
    [", 'ExecutionTimeoutMinutes.$': '$.timeoutMinutes'", '', 'a job that hangs is paid for twelve hours'],
    ["'ClientToken.$': `${run}.token`", "'ClientToken.$': `${run}.run`", 'the second execution starts no job'],
    ["[is('$.run.State', ...ENDED), 'StreamFailed'],", '', 'a stream that failed is waited for'],
    ['Tags: { [PIPELINE_TAG]: plan.pipeline },', '', 'the clean-up may not cancel what was started'],
    [
      "not({ Variable: '$.commits.listing', StringEqualsPath: '$.stream.before' }),",
      "isPresent('$.commits.listing'),",
      'streams are drained before they have read a row',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/jobs.ts',
    table,
    ['        Enabled: true,', '        Enabled: false,', 'nobody sees why a job failed'],
    ["Mode: 'STREAMING'", "Mode: 'BATCH'", 'a stream ends after twelve hours'],
  ),
  ...mutantsOf('lib/constructs/workflow/lock.ts', table, [
    'ConsistentRead: true',
    'ConsistentRead: false',
    'an old holder is believed',
  ]),
  ...mutantsOf('lib/constructs/workflow/runs.ts', table, [
    "Parameters: { ApplicationId: props.applicationId, 'JobRunId.$': '$.run.Id' }",
    "Parameters: { ApplicationId: props.applicationId, 'JobRunId.$': '$.run.Id', ShutdownGracePeriodInSeconds: 0 }",
    'streams are killed in the middle of a batch',
  ]),
  ...mutantsOf('lib/constructs/workflow/definition.ts', branches, [
    "[is('$.action', 'stop', 'upgrade'), 'Drains']",
    "[is('$.action', 'stop'), 'Drains']",
    'an upgrade does not drain what the old code has begun',
  ]),
  ...mutantsOf(
    'lib/constructs/workflow/workflow.ts',
    [values],
    [
      "status: ['ABORTED', 'FAILED', 'TIMED_OUT']",
      "status: ['ABORTED', 'FAILED']",
      'nobody cleans up after an execution that ran out of time',
    ],
    [
      'timeout: Duration.minutes(10),',
      'timeout: Duration.minutes(1),',
      'the clean-up is killed before the runs have ended',
    ],
    ['retryAttempts: 3', 'retryAttempts: 0', 'one throttled clean-up leaves a stream running'],
    [
      'retentionPeriod: Duration.days(14)',
      'retentionPeriod: Duration.days(1)',
      'what was not cleaned up is forgotten over a weekend',
    ],
    [
      "          ArnLike: { 'aws:SourceArn': this.arnOf('stateMachine', props.stateMachineName) },\n",
      '',
      'any state machine of the account may be this one',
    ],
    ['level: sfn.LogLevel.ALL', 'level: sfn.LogLevel.OFF', 'nobody sees what an execution did'],
  ),
];

const observability: readonly Mutant[] = [
  ...mutantsOf(
    'lib/constructs/observability/monitoring.ts',
    [values],
    ['LONGEST_SILENCE = 900', 'LONGEST_SILENCE = 90_000', 'a stream hangs for a day unseen'],
    ['LAGGING_MINUTES = 30', 'LAGGING_MINUTES = 300', 'a stream lags for five hours unseen'],
    ["silence: ['heartbeat', 'Maximum']", "silence: ['progress', 'Maximum']", 'a stream that hangs is never seen'],
    [
      '{ threshold = 1, evaluationPeriods = 1 } = {}',
      '{ threshold = 100, evaluationPeriods = 1 } = {}',
      'fewer than 100 failures in five minutes are none',
    ],
    [
      'treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,',
      'treatMissingData: cloudwatch.TreatMissingData.BREACHING,',
      'every pipeline that rests wakes somebody',
    ],
    ['\'filter event = "failed"\'', '\'filter event = "failure"\'', 'the dashboard shows no failures'],
    [
      "props.stateMachine.metricFailed({ period }), 'an execution failed.'",
      "props.stateMachine.metricSucceeded({ period }), 'an execution failed.'",
      'success wakes somebody, failure nobody',
    ],
    ['for (const each of alarms) each.addAlarmAction(new SnsAction(props.alerts));', '', 'alarms tell nobody'],
    [
      'metricName: `${pipeline.name}.${field}`',
      'metricName: field',
      'pipelines share their metrics, and so their alarms',
    ],
    [
      "metrics.lag.with({ period, statistic: 'Minimum' })",
      "metrics.lag.with({ period, statistic: 'Maximum' })",
      'each burst of records wakes somebody',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/observability/alerts.ts',
    [values],
    ["['ACTUAL', 80]", "['ACTUAL', 800]", 'nobody hears of the bill before it is too late'],
    ["['FORECASTED', 100]", "['FORECASTED', 1000]", 'nobody hears of the bill that is coming'],
    ["state: ['FAILED']", "state: ['SUCCESS']", 'nobody hears of a stream that died'],
    ["timeUnit: 'MONTHLY'", "timeUnit: 'ANNUALLY'", 'the limit is one of a year'],
    ["comparisonOperator: 'GREATER_THAN'", "comparisonOperator: 'LESS_THAN'", 'the budget tells of small bills'],
  ),
];

const between: readonly Mutant[] = [
  ...mutantsOf(
    'lib/stacks/processing-stack.ts',
    [stacks],
    ['    this.application.node.addDependency(objects);\n', '', 'a worker that starts at once fails without a log'],
    ['      warm: spark.warm,\n', '', 'workers that are to be kept warm are not'],
  ),
  ...mutantsOf(
    'lib/stacks/pipeline-stack.ts',
    [stacks],
    ['    workflow.stateMachine.node.addDependency(contracts);\n', '', 'an execution finds no topics'],
    [
      "actionsOf(pipeline)[0] === 'run' ?",
      "actionsOf(pipeline)[0] !== 'run' ?",
      'a command does something else than it says',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/storage/emptied-bucket.ts',
    [stacks],
    ['.node.addDependency(provider);', ';', 'a bucket that is full keeps its stack from going'],
  ),
  ...mutantsOf(
    'lib/constructs/functions/handler-provider.ts',
    [stacks],
    [
      "    waiter.node.findChild('Resource').node.addDependency(policy);\n",
      '',
      'the first deployment of topics may not ask whether they are made',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/storage/access-logs.ts',
    [stacks],
    ['/*`, ofAccount);', '/*`);', 'another account writes into the logs of accesses'],
  ),
  ...mutantsOf(
    'lib/constructs/storage/data-bucket.ts',
    [stacks],
    ['logFilePrefix: `${ACCESS_LOG_PREFIXES.data}/`', 'logFilePrefix: `other/`', 'nobody knows who read the data'],
  ),
  ...mutantsOf(
    'lib/constructs/storage/catalog.ts',
    [stacks],
    ["'IAM_ALLOWED_PRINCIPALS'", "'EVERYONE'", 'no job may use its tables'],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/workflow.ts',
    [stacks],
    ['PIPELINE: pipeline.name', 'PIPELINE: pipeline.description', 'streams of a failed execution run on'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/schema-registry.ts',
    [stacks],
    [
      'containerInsightsV2: ecs.ContainerInsights.ENABLED',
      'containerInsightsV2: ecs.ContainerInsights.ENHANCED',
      'metrics that nobody looks at are paid for',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/workflow/workflow.ts',
    [values],
    [
      '          stateMachineArn: [this.stateMachine.stateMachineArn],\n',
      '',
      'each pipeline is cleaned up after the executions of all',
    ],
    ["source: ['aws.states'],", "source: ['aws.events'],", 'nobody cleans up after executions'],
    ['      deadLetterQueue: this.uncleaned,\n    });', '    });', 'nobody hears that nobody could clean up'],
  ),
  ...mutantsOf(
    'lib/constructs/observability/alerts.ts',
    [values],
    ['applicationId: [applicationId], ', '', 'job runs of others wake somebody'],
  ),
  ...mutantsOf(
    'lib/constructs/functions/node-function.ts',
    [values],
    ['lambda.Runtime.NODEJS_24_X', 'lambda.Runtime.NODEJS_22_X', 'functions run on what nobody has tested'],
    ['lambda.Architecture.ARM_64', 'lambda.Architecture.X86_64', 'functions cost a quarter more'],
    ['traced ? lambda.Tracing.ACTIVE', 'traced ? lambda.Tracing.PASS_THROUGH', 'the trace of an execution has holes'],
  ),
];

const dashboard: readonly Mutant[] = mutantsOf(
  'lib/constructs/observability/monitoring.ts',
  [`${unit}/observability/monitoring.test.ts`],
  [
    "batchSeconds: ['progress', 'Maximum']",
    "batchSeconds: ['progress', 'Minimum']",
    'slow batches are hidden by fast ones',
  ],
  ["rowsIn: ['progress', 'Sum']", "rowsIn: ['progress', 'Average']", 'the dashboard shows a batch for a minute'],
  [
    '[metrics.rowsIn, metrics.rowsOut, metrics.deadLetterRows]',
    '[metrics.rowsIn, metrics.rowsOut]',
    'the dashboard hides what cannot be used',
  ],
  ["'limit 20'", "'limit 1'", 'the dashboard hides failures'],
  ["'sort @timestamp desc'", "'sort @timestamp asc'", 'the dashboard shows failures of last month'],
  ["title: 'Alarms', alarms,", "title: 'Alarms', alarms: [],", 'the dashboard shows no alarm'],
);

const network: readonly Mutant[] = [
  ...mutantsOf(
    'lib/constructs/network/endpoints.ts',
    [values],
    ["bucket.arnForObjects('*')", "bucket.arnForObjects('results/*')", 'streams cannot write their checkpoints'],
    ["letThrough(endpoint, ['s3:GetObject'], assets.objectsArn);", '', 'jobs cannot read their own code'],
    [
      "letThrough(endpoint, ['s3:ListBucket'], assets.bucketArn, assets.listable);",
      "letThrough(endpoint, ['s3:ListBucket'], assets.bucketArn);",
      'jobs may list what every app of the account has uploaded',
    ],
    ["'s3:DeleteObject', ", '', 'Spark cannot commit what it wrote'],
    [", 'logs:PutLogEvents']", ']', 'jobs run without a log'],
    [
      "'*', { StringEquals: { 'aws:PrincipalAccount': Stack.of(this).account } }",
      "'*', {}",
      'other accounts may write logs through the endpoint',
    ],
    ["'s3:PutObject', 's3:PutObjectAcl'], ownObjects", "'s3:PutObject'], ownObjects", 'the Spark UI shows nothing'],
  ),
  ...mutantsOf(
    'lib/constructs/network/network.ts',
    [`${unit}/network/network.test.ts`],
    ['natGateways: 0,', 'natGateways: 1,', 'workers pay for a way out that they must not have'],
    [
      'logAccepted ? ec2.FlowLogTrafficType.ALL : ec2.FlowLogTrafficType.REJECT',
      'ec2.FlowLogTrafficType.ACCEPT',
      'a missing rule is not seen',
    ],
    ["['ToAnalytics', this.services.privateSubnets, props.analytics],", '', 'answers of the registry find no way back'],
  ),
];

const connect: readonly Mutant[] = [
  ...mutantsOf(
    'lib/constructs/connect/worker.ts',
    [`${unit}/connect/connectors.test.ts`],
    [
      'stopTimeout: Duration.seconds(60)',
      'stopTimeout: Duration.seconds(2)',
      'changes are read again after each deployment',
    ],
    ['startPeriod: Duration.minutes(3)', 'startPeriod: Duration.seconds(3)', 'no worker lives long enough to start'],
    ['minHealthyPercent: 100', 'minHealthyPercent: 0', 'each deployment stops the connectors'],
    ['circuitBreaker: { rollback: true }', 'circuitBreaker: { rollback: false }', 'a bad deployment hangs for hours'],
    ['-Xmx640m', '-Xmx6400m', 'a worker is killed as soon as it is busy'],
    ['-XX:+ExitOnOutOfMemoryError ', '', 'a worker without memory hangs'],
    ["'umask 077',", "'umask 022',", 'whoever is in the container reads passwords'],
    ['dnsTtl: Duration.seconds(10)', 'dnsTtl: Duration.minutes(10)', 'a deployment asks a worker that is gone'],
    ['/health || exit 1', '/health || exit 0', 'a worker that hangs is never replaced'],
    ['cpu: WORKER_SIZE.cpu', 'cpu: 256', 'a worker is refused, or slow'],
    ['readOnly: false', 'readOnly: true', 'a worker cannot write its settings'],
    ["tcp(port), 'a database outside", "allTcp(), 'a database outside", 'a plugin may call any address at any port'],
    [
      'this.service.node.addDependency(role, task.obtainExecutionRole());',
      '',
      'the first tasks may not read their secrets, and the deployment is rolled back',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/connect/worker-properties.ts',
    [`${unit}/connect/connectors.test.ts`],
    ["'offset.flush.interval.ms': 5_000", "'offset.flush.interval.ms': 5_000_000", 'an hour of changes comes twice'],
    [
      "'offset.storage.replication.factor': -1",
      "'offset.storage.replication.factor': 1",
      'a broker that is lost takes along how far connectors have come',
    ],
    [
      "'value.converter.schemas.enable': false",
      "'value.converter.schemas.enable': true",
      'no stream reads the changes',
    ],
    ["'status.storage.partitions': 1", "'status.storage.partitions': 25", 'partitions that are scarce are used up'],
    ["'security.protocol': 'SASL_SSL'", "'security.protocol': 'SASL_PLAINTEXT'", 'MSK closes the connection'],
  ),
];

const rest: readonly Mutant[] = [
  ...mutantsOf(
    'lib/constructs/spark/spark-job.ts',
    [values],
    [
      "          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },\n",
      '',
      'another account may have its service be this role',
    ],
    ["          ArnLike: { 'aws:SourceArn': application.applicationArn },\n", '', 'any application may be this role'],
  ),
  ...mutantsOf(
    'lib/constructs/spark/spark-job.ts',
    [`${unit}/spark/spark-job.test.ts`],
    ["'spark.authenticate': true", "'spark.authenticate': false", 'jobs can reach the workers of others'],
    [
      "'spark.dynamicAllocation.enabled': false",
      "'spark.dynamicAllocation.enabled': true",
      'one job takes the quota of the account',
    ],
    ['`${size.executor.memory}g`', '`${size.driver.memory}g`', 'executors have the memory of the driver'],
    ['=${most}`', '=1`', 'no record can be read'],
  ),
  ...mutantsOf(
    'lib/constructs/spark/spark-application.ts',
    [`${unit}/spark/spark-application.test.ts`],
    [
      "'iam:PassedToService': 'emr-serverless.amazonaws.com'",
      "'iam:PassedToService': 'lambda.amazonaws.com'",
      'no job can be started',
    ],
    [
      "tagged('ResourceTag', tags));\n  }\n\n  /**\n   * Allows to start",
      ');\n  }\n\n  /**\n   * Allows to start',
      "one pipeline may cancel another's runs",
    ],
    [
      'autoStopConfiguration: { enabled: true',
      'autoStopConfiguration: { enabled: false',
      'warm workers are paid for ever',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/kafka/serverless-cluster.ts',
    [`${unit}/kafka/kafka-cluster.test.ts`],
    ["resource.addPropertyDeletionOverride('Tags');", '', 'a new tag replaces the cluster and all records'],
    ['resource.applyRemovalPolicy(removalPolicy);', '', 'dev leaves a cluster that costs 500 dollars a month'],
  ),
  ...mutantsOf(
    'lib/constructs/kinds/topic.ts',
    [`${unit}/kafka/express-cluster.test.ts`],
    ['= NO_LIMIT, ...others', "= '86400000', ...others", 'brokers of MSK Express refuse records older than a day'],
  ),
  ...mutantsOf(
    'lib/constructs/kafka/express-cluster.ts',
    [`${unit}/kafka/express-cluster.test.ts`],
    ["expression: 'MAX(METRICS())'", "expression: 'AVG(METRICS())'", 'a broker is full while the others are empty'],
    ['cloudWatchLogs: { enabled: true', 'cloudWatchLogs: { enabled: false', 'nobody sees what ails a broker'],
    ['evaluationPeriods: 3', 'evaluationPeriods: 300', 'a full broker is told of a day later'],
    ["statistic: 'Average'", "statistic: 'Minimum'", 'a full broker looks empty'],
    ['period: Duration.minutes(5)', 'period: Duration.days(1)', 'a full broker is told of days later'],
    ['GREATER_THAN_THRESHOLD', 'LESS_THAN_THRESHOLD', 'brokers that rest wake somebody, full ones nobody'],
  ),
  ...mutantsOf(
    'lib/constructs/kafka/kafka-cluster.ts',
    ['test/aws/permissions.test.ts'],
    [
      '[`${groupPrefix}-*`]));\n    const reason',
      "['*']));\n    const reason",
      'a job may move the offsets of any group',
    ],
    [
      "'kafka-cluster:WriteDataIdempotently'], [this.clusterArn]",
      "'kafka-cluster:AlterCluster'], [this.clusterArn]",
      'no job can write',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-database.ts',
    [values],
    ['deletionProtection: keep,', 'deletionProtection: false,', 'a click deletes all schemas of production'],
    [
      'backupRetention: Duration.days(props.backupDays)',
      'backupRetention: Duration.days(0)',
      'schemas cannot be restored',
    ],
    ['threshold: 2 * 1024 ** 3', 'threshold: 2 * 1024 ** 2', 'nobody hears of a disk that fills'],
    ['storageEncrypted: true', 'storageEncrypted: false', 'schemas lie in the clear'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-balancer.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ["methods: ['GET', 'HEAD']", "methods: ['GET', 'HEAD', 'DELETE']", 'a job may delete schemas'],
    [
      "paths: ['/apis/registry/v3/groups/default/artifacts*']",
      "paths: ['/apis/*']",
      'handlers may administer the registry',
    ],
    ["path: '/health/ready'", "path: '/'", 'a registry without a database counts as healthy'],
    ['healthyThresholdCount: 2', 'healthyThresholdCount: 10', 'a registry that works is not used for minutes'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-balancer.ts',
    [values],
    ['        threshold: 1,', '        threshold: 0,', 'nobody hears that no registry is there'],
    ['TreatMissingData.BREACHING', 'TreatMissingData.NOT_BREACHING', 'nobody hears that no registry is there'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/schema-registry.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ['minHealthyPercent: 100', 'minHealthyPercent: 0', 'each deployment stops the registry'],
    ['circuitBreaker: { rollback: true }', 'circuitBreaker: { rollback: false }', 'a bad deployment hangs for hours'],
    ["JDBC_INITIAL_SIZE: '2'", "JDBC_INITIAL_SIZE: '20'", 'a small database has no connection left'],
    ["JDBC_MIN_SIZE: '2'", "JDBC_MIN_SIZE: '20'", 'a small database has no connection left'],
    ['passwordLength: 40', 'passwordLength: 8', 'the password of the registry can be guessed'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-image.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ['imageScanOnPush: true', 'imageScanOnPush: false', 'nobody hears of a hole in the image'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-database.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ['maxAllocatedStorage: 100', 'maxAllocatedStorage: 21', 'the disk of the schemas fills up'],
    ['storageType: rds.StorageType.GP3', 'storageType: rds.StorageType.GP2', 'a small disk is slow'],
    ['copyTagsToSnapshot: true', 'copyTagsToSnapshot: false', 'nobody knows whose a snapshot is'],
  ),
  ...mutantsOf(
    'lib/constructs/registry/schema-registry.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ['desiredCount: props.tasks', 'desiredCount: 1', 'one task that goes takes the registry of production along'],
    [
      'healthCheckGracePeriod: Duration.minutes(3)',
      'healthCheckGracePeriod: Duration.seconds(3)',
      'no task lives long enough to start',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/registry/registry-balancer.ts',
    [`${unit}/registry/schema-registry.test.ts`],
    ["'access_logs.s3.enabled', 'true'", "'access_logs.s3.enabled', 'false'", 'nobody knows who called the registry'],
    ['internetFacing: false', 'internetFacing: true', 'the registry is on the internet'],
  ),
  ...mutantsOf(
    'lib/constructs/contracts/contracts.ts',
    [`${unit}/contracts/contracts.test.ts`],
    ["'FULL_TRANSITIVE'", "'BACKWARD'", 'a new schema breaks readers that run'],
    ["OnRemoval: 'retain'", "OnRemoval: 'delete'", 'records cannot be read when their pipeline is gone'],
    ['Immutable: String(immutable)', "Immutable: 'false'", 'a key is another key after a deployment'],
  ),
  ...mutantsOf(
    'lib/constructs/kinds/topic.ts',
    [`${unit}/contracts/contracts.test.ts`],
    ['totalTimeout: Duration.hours(1)', 'totalTimeout: Duration.minutes(5)', 'the quota makes a deployment fail'],
  ),
  ...mutantsOf(
    'lib/constructs/functions/handler-provider.ts',
    [`${unit}/contracts/contracts.test.ts`],
    [
      'timeout = Duration.minutes(10)',
      'timeout = Duration.minutes(1)',
      'a registry that is starting fails a deployment',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/spark/spark-job.ts',
    [`${unit}/spark/spark-job.test.ts`],
    ["'bytes.maxLength': 65_536", "'bytes.maxLength': 2_147_483_639", 'one bad record takes all memory'],
    ['-Dorg.apache.avro.limits.', '-Dorg.apache.avro.limit.', 'one bad record takes all memory'],
    ["    'spark.executor.instances': size.executors,\n", '', 'a job has as many executors as Spark likes'],
  ),
  ...mutantsOf(
    'lib/constructs/storage/data-bucket.ts',
    [values],
    ['versioned: keep,', 'versioned: false,', 'overwritten results of production are gone'],
    [
      'abortIncompleteMultipartUploadAfter: Duration.days(1)',
      'abortIncompleteMultipartUploadAfter: Duration.days(1_000)',
      'torn uploads are paid for years',
    ],
  ),
  ...mutantsOf(
    'lib/stacks/environment-stage.ts',
    [values],
    [
      "terminationProtection: environment.removal === 'retain'",
      'terminationProtection: false',
      'one command deletes production',
    ],
  ),
  ...mutantsOf(
    'lib/stacks/processing-stack.ts',
    [values],
    ['pointInTimeRecoveryEnabled: true', 'pointInTimeRecoveryEnabled: false', 'the table of locks cannot be restored'],
  ),
];

const databases: readonly Mutant[] = mutantsOf(
  'lib/constructs/database/pipeline-database.ts',
  [`${unit}/database/pipeline-database.test.ts`],
  ['deletionProtection: keep', 'deletionProtection: false', 'a slip deletes the data of production'],
  [
    'keep ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY',
    'RemovalPolicy.DESTROY',
    'nothing is left of a database that is deleted',
  ],
  ["masterUserAuthenticationType: 'iam-db-auth'", 'manageMasterUserPassword: true', 'the owner has a password'],
  ['const PAUSE_SECONDS = 300', 'const PAUSE_SECONDS = 86_400', 'a database that nobody uses is paid for'],
  [
    'logicalReplication ? Math.max(leastUnits, LEAST_AWAKE) : leastUnits',
    'leastUnits',
    'a database that cannot pause is refused',
  ],
  ["'rds.force_ssl': '1'", "'rds.force_ssl': '0'", 'tokens cross the network in the clear'],
  [
    'for (const client of [sparkSecurityGroup, handlerSecurityGroup, ...followers])',
    'for (const client of [handlerSecurityGroup, ...followers])',
    'no job reaches its table',
  ],
);

export const constructs: readonly Mutant[] = [
  ...workflow,
  ...observability,
  ...dashboard,
  ...between,
  ...network,
  ...databases,
  ...connect,
  ...rest,
];
