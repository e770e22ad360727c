/** Mutants of how long something is waited for, whom it believes, and in which order it is made. */
import { type Mutant, mutantsOf } from './mutant.ts';

const settings = ['test/local/services/settings.test.ts'];
const values = ['test/lambda/source/values.test.ts'];
const database = ['test/lib/constructs/database/pipeline-database.test.ts'];
const items = ['test/lib/constructs/kinds/items.test.ts'];
const files = ['test/tools/files.test.ts'];
const home = ['test/local/home.test.ts'];

export const patience: readonly Mutant[] = [
  ...mutantsOf(
    'lambda/tables/connection.ts',
    ['test/lambda/tables/connection.test.ts'],
    ['forMs: 180_000', 'forMs: 1_800', 'a database that was paused fails the deployment'],
    ['answerMs: 30_000', 'answerMs: 30', 'a database that takes its time fails the deployment'],
    ['pausesMs: [500, 10_000]', 'pausesMs: [500, 10_000_000]', 'a database that is there is asked an hour later'],
    ["connectTimeout: '60'", "connectTimeout: '1'", 'a job fails because its database was paused'],
    ["sslmode: 'verify-full'", "sslmode: 'require'", 'a job gives its token to whoever answers'],
    ["'disable' : 'verify-full'", "'disable' : 'require'", 'a connector gives its password to whoever answers'],
    ['servername: host }', 'servername: host, rejectUnauthorized: false }', 'the owner believes whoever answers'],
    ["wrapperPlugins: 'iam'", "wrapperPlugins: ''", 'no job can sign in'],
    ["'57P03', '53300', ", "'57P03', ", 'a database with no connection left fails the deployment'],
    ['|ENOTFOUND|', '|', 'a new database whose name is not known yet fails the deployment'],
  ),
  ...mutantsOf(
    'lambda/tables/publications.ts',
    ['test/lambda/tables/publications.test.ts'],
    ['4_096]', '1]', 'a password is guessed from what the database keeps of it'],
  ),
  ...mutantsOf(
    'lambda/custom-resource/rest.ts',
    ['test/lambda/registry-artifacts/starting.test.ts'],
    ['[250, 5_000]', '[250, 500_000]', 'a registry that is there is asked minutes later'],
  ),
  ...mutantsOf(
    'lambda/source/channel.ts',
    values,
    ['flushMs: 500', 'flushMs: 500_000', 'what is heard is written minutes later'],
    ['mostRecords: 500', 'mostRecords: 500_000', 'what is heard at once is more than the brokers take'],
    ['mostCharacters: 300_000', 'mostCharacters: 300_000_000', 'what is heard at once is more than the brokers take'],
    ['silenceMs: 90_000', 'silenceMs: 90_000_000', 'a connection that hangs is never called anew'],
    ['waitMs: [250, 30_000]', 'waitMs: [1, 3]', 'the other side bans who calls without a break'],
    ['tellMs: 60_000', 'tellMs: 6_000_000', 'a source that listens looks as if it were away'],
  ),
  ...mutantsOf('lambda/source/handler.ts', values, [
    'GRACE_MS = 15_000',
    'GRACE_MS = 15',
    'a run is killed before it has written what it heard',
  ]),
  ...mutantsOf(
    'lambda/source/kafka.ts',
    values,
    ['TRANSACTION_MS = 60_000', 'TRANSACTION_MS = 6_000_000', 'a run that was killed holds up all readers'],
    ['READ_MS = 30_000', 'READ_MS = 30', 'a source never begins'],
  ),
  ...mutantsOf('lambda/source/run.ts', values, [
    '= [500, 10_000]',
    '= [500, 10_000_000]',
    'a source is away for hours because brokers were for a minute',
  ]),
  ...mutantsOf(
    'lambda/source/progress.ts',
    ['test/lambda/source/run.test.ts'],
    ['MOST_KNOWN = 4_000', 'MOST_KNOWN = 4', 'what is told again after a break is written again'],
  ),
  ...mutantsOf('local/cloudformation/deploy.ts', settings, [
    'lockWaitMs = 120_000',
    'lockWaitMs = 1_200',
    'a second command fails because the first one deploys',
  ]),
  ...mutantsOf(
    'local/services/services.ts',
    settings,
    ['lockWaitMs = 120_000', 'lockWaitMs = 1_200', 'a second command fails because the first one starts services'],
    ['watchEveryMs = 1_000', 'watchEveryMs = 100_000', 'a run without a broker goes on for minutes'],
  ),
  ...mutantsOf('local/cli/replay.ts', settings, [
    'lockWaitMs = 10_000',
    'lockWaitMs = 10_000_000',
    'a replay waits for hours for another one',
  ]),
  ...mutantsOf('local/services/types.ts', settings, [
    'READY_WITHIN_MS = 180_000',
    'READY_WITHIN_MS = 18_000',
    'services are given up while they start on a busy machine',
  ]),
  ...mutantsOf('local/services/connect.ts', settings, [
    'stopWithinMs: 30_000',
    'stopWithinMs: 300',
    'a connector is killed before it says how far it has read',
  ]),
  ...mutantsOf('local/cloudformation/invoke.ts', settings, [
    'defaultTimeoutSeconds = 3;',
    'defaultTimeoutSeconds = 300;',
    'a function works here and is killed on AWS',
  ]),
  ...mutantsOf('local/cli/down.ts', settings, [
    'jvmPatienceMs = 10_000',
    'jvmPatienceMs = 10',
    'a JVM outlives the end of everything',
  ]),
  ...mutantsOf('local/iam/kafka-certificate.ts', settings, [
    'days = 3650',
    'days = 1',
    'strict runs of a home fail from its second day on',
  ]),
  ...mutantsOf(
    'lib/constructs/kinds/table.ts',
    database,
    ["        ...(table.props.deletes && { Deletes: 'true' }),\n", '', 'a job that is to delete rows may not'],
    ["      'database.sslrootcert': RDS_CERTIFICATE,\n", '', 'no connector believes its own database'],
    ['passwordLength: 40', 'passwordLength: 4', 'the password of a connector is guessed'],
  ),
  ...mutantsOf(
    'lib/constructs/spark/job-assets.ts',
    ['test/lib/constructs/spark/spark-job.test.ts'],
    ['(a < b ? -1 : 1)', '(a < b ? 1 : -1)', 'the same code has another address on another machine'],
    ['return names.sort();', 'return names.sort().reverse();', 'the same jars are another job on another machine'],
    ['sorted, { mtime: new Date(1980, 0, 1), level: 9 }', 'sorted, { level: 9 }', 'each deployment changes every job'],
    [" && !inZip.includes('/tests/')", '', 'tests run with the jobs'],
  ),
  ...mutantsOf(
    'lib/constructs/kinds/items.ts',
    items,
    ['enabled: true, attributeName', 'enabled: false, attributeName', 'items stay that were to go'],
    ['    table.applyRemovalPolicy(removalPolicy);\n', '', 'items of production go with their stack'],
    ["index ? 'RANGE' : 'HASH'", "index ? 'HASH' : 'RANGE'", 'no item is found by its key'],
  ),
  ...mutantsOf(
    'lib/constructs/database/pipeline-database.ts',
    database,
    ["const VERSION = '17'", "const VERSION = '16'", 'a database that is there cannot be deployed again'],
    ['autoMinorVersionUpgrade: true', 'autoMinorVersionUpgrade: false', 'holes that are known stay open'],
    ['copyTagsToSnapshot: true', 'copyTagsToSnapshot: false', 'nobody knows of what a snapshot is'],
  ),
  ...mutantsOf(
    'lib/constructs/network/network.ts',
    ['test/lib/constructs/network/network.test.ts'],
    [
      'mapPublicIpOnLaunch: false',
      'mapPublicIpOnLaunch: true',
      'what starts beside the way out can be reached from the internet',
    ],
  ),
  ...mutantsOf(
    'lib/constructs/storage/customer-key.ts',
    ['test/lib/constructs/storage/customer-key.test.ts'],
    [
      "'kms:GenerateDataKey*', 'kms:ReEncrypt*'],\n        resources",
      "'kms:*'],\n        resources",
      'CloudWatch Logs may delete the key',
    ],
    [
      'removalPolicy: props.removalPolicy',
      "removalPolicy: 'destroy' as RemovalPolicy",
      'data that is kept can never be read again',
    ],
  ),
  ...mutantsOf('tools/files.mjs', files, [
    "if (typeof value === 'object' && value !== null && isWhole(value)) return value;",
    'return value;',
    'a file that is damaged is a stack trace',
  ]),
  ...mutantsOf(
    'local/home.ts',
    home,
    ['= realpathSync(root)', '= root', 'a purge says that it removed what it did not'],
    [
      '    if (lstatSync(path).isSymbolicLink()) makeFolder(resolve(dirname(path), readlinkSync(path)));\n',
      '',
      'a purge that was killed leaves a home that no command takes',
    ],
  ),
];
