/**
 * The command line: one command runs, and an exit code comes of it. Started by `millrace.mjs` under the project's own Node once everything it
 * needs is installed.
 */
import { constants } from 'node:os';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { diskFull, hasErrorCode, MillraceError, messageOf, saysDiskFull } from '../../tools/errors.mjs';
import { millraceHome } from '../home.ts';
import type { Context } from './context.ts';
import { Terminal } from './terminal.ts';

const terminal = new Terminal();
const stopping = new AbortController();
const onForce: (() => void)[] = [];
let signalCode: number | undefined;

/** The first Ctrl-C asks the command to stop what it started, a second one ends it at once. */
function stop(name: NodeJS.Signals): void {
  if (signalCode !== undefined) {
    for (const force of onForce.reverse()) force();
    process.exit(signalCode);
  }
  signalCode = 128 + constants.signals[name];
  terminal.count('');
  terminal.line('stopping what was started; once more ends it at once');
  stopping.abort(new Error('stopped by a signal'));
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
for (const name of signals) process.on(name, stop);

// Who reads may have seen enough (`millrace logs kafka | head`): that is no failure. What was started is carried to its end.
process.stdout.on('error', (error) => {
  if (!hasErrorCode(error, 'EPIPE')) throw error;
  if (onForce.length === 0) process.exit(0);
});

/** Whether the command was asked for one JSON object. */
let inJson = false;

// What goes wrong in a timer has nobody who waits for it: all that was started is ended at once.
process.once('uncaughtException', (error) => {
  for (const force of onForce.reverse()) force();
  terminal.close();
  report(error, inJson);
  process.exit(1);
});

const print = (text: string) => void process.stdout.write(`${text}\n`);

/** What commander does for a command: loads its work, runs it, and says what went wrong in words, never in a stack trace, unless the fault is ours. */
// biome-ignore lint/suspicious/noExplicitAny: commander gives what the words and options name
function perform(load: () => Promise<(context: Context, ...given: any[]) => Promise<number>>) {
  return async (...given: unknown[]): Promise<void> => {
    // Commander adds itself at the end.
    const asked = given.slice(0, -1);
    const { json = false } = asked.at(-1) as { json?: boolean };
    inJson = json;
    try {
      const common = { terminal, json, signal: stopping.signal, onForce, print };
      // Not every command needs a home, and `doctor` says what is wrong with it.
      const context: Context = {
        ...common,
        get home() {
          return millraceHome();
        },
      };
      const work = await load();
      process.exitCode = await work(context, ...asked);
    } catch (error) {
      terminal.close();
      process.exitCode = 1;
      if (!stopping.signal.aborted) report(error, json);
      else if (json) print(JSON.stringify({ error: { code: 'ABORTED', message: 'Stopped by a signal.' } }));
      else terminal.line('stopped');
    }
    process.exitCode = signalCode ?? process.exitCode;
    for (const name of signals) process.removeListener(name, stop);
  };
}

function report(thrown: unknown, json: boolean): void {
  // Of what was written when the disk was full, Node does not say the name.
  const error = saysDiskFull(thrown)
    ? diskFull(process.env.MILLRACE_HOME || '.millrace', { cause: thrown, details: [messageOf(thrown)] })
    : thrown;
  // The declaration's and the set-up's own errors carry a code too.
  const known = error instanceof MillraceError || (error instanceof Error && 'code' in error);
  const code = known ? String((error as { code?: unknown }).code) : 'INTERNAL';
  const details = error instanceof MillraceError ? error.details : [];
  if (json) print(JSON.stringify({ error: { code, message: messageOf(error), details } }));
  terminal.plain(`${terminal.bad('error')} ${code}: ${messageOf(error)}`);
  for (const detail of details) terminal.plain(`  ${detail.replaceAll('\n', '\n  ')}`);
  if (!known && error instanceof Error) terminal.plain(error.stack ?? '');
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new InvalidArgumentError('A port is a whole number from 1 to 65535.');
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('A number of records is a whole number from 1 to 1000000.');
}

/** Shown under the options of a command. */
const examples = (...lines: string[]): string =>
  ['\nExamples:', ...lines.map((line) => `  npx millrace ${line}`)].join('\n');

const several = (one: string, all: string[] = []): string[] => [...all, one];

const program = new Command('millrace')
  .description('Runs the streaming pipelines of this project on this machine, as they would be deployed to AWS.')
  // Answered before the set-up.
  .option('-V, --version', 'show the version')
  .helpOption('-h, --help', 'show this help')
  .showHelpAfterError('(see: npx millrace --help)');

const command = (words: string, description: string) => program.command(words).description(description);
const json = ['--json', 'print one JSON object'] as const;
const jsonLines = ['--json', 'print JSON lines, one object for each'] as const;
const cold = ['--cold', 'start a JVM for each job, instead of jobs in warm ones'] as const;
const strict = ['--strict', 'let jobs reach S3 by its server, which asks the deployed policies'] as const;
const watch = ['--watch', 'show it on a page in the browser, whose address is printed'] as const;

command('up', 'synthesize, start Kafka and the schema registry, deploy')
  .option('--explain', 'list what of the assembly runs here and what exists on AWS only')
  .option('--kafka-port <port>', 'port of the broker', port)
  .option('--registry-port <port>', 'port of the schema registry', port)
  .option(...json)
  .action(perform(async () => (await import('./up.ts')).up));
command('run <pipeline>', 'run a deployed pipeline and show its results')
  .option('--sample-data <folder>', 'files to use instead of the project’s own')
  .option('--input <json>', 'input of the execution, such as \'{"rate": 100}\'')
  .option('--job <name>', 'one batch job alone, by its name with hyphens')
  .option('--action <action>', 'run the whole pipeline; or start, stop or upgrade its streams')
  .option('--stream <name>', 'the one stream that the action is about')
  .option('--rebuild', 'let streams begin anew, over what they have read and written before')
  .option(...cold)
  .option(...strict)
  .option(...watch)
  .option('--dry-run', 'print what each job would be told, and start nothing')
  .option(...json)
  .action(perform(async () => (await import('./run.ts')).run));
command('replay <pipeline>', 'send dead letters again, to the topic of replays')
  .option('--reason <reason>', 'those of this reason; may be given again', several)
  .option('--since <time>', 'those set aside at this time or later, such as 2026-01-31T13:00:00Z')
  .option('--until <time>', 'those set aside before this time')
  .option('--dry-run', 'count them, and send nothing')
  .option(...json)
  .action(perform(async () => (await import('./replay.ts')).replay));
command('clients <pipeline>', 'print the settings of applications that write or read topics of a pipeline')
  .option('--env <name>', 'environment on AWS, a file in config/', 'dev')
  .option(...json)
  .action(perform(async () => (await import('./clients.ts')).clients));
command('demo', 'up, run the pipeline of the demo, down')
  .option('--keep', 'leave the services running')
  .option(...cold)
  .option(...strict)
  .option(...watch)
  .option(...json)
  .action(perform(async () => (await import('./demo.ts')).demo));
command(
  'watch [pipeline]',
  'show what a pipeline does on a page in the browser; of none named the one that was run last',
)
  .option(...json)
  .action(perform(async () => (await import('./watch.ts')).watch));
command('report [execution]', 'make one file of the page of an execution, of the latest one unless another is named')
  .option('--pipeline <name>', 'one of this pipeline')
  .option('--from <bucket>', 'one that ran on AWS, from its data bucket and logs: s3://BUCKET')
  .option('--region <name>', 'Region of that bucket')
  .option('--env <name>', 'environment of that bucket, a file in config/', 'dev')
  .option(...json)
  .addHelpText('after', examples('report', 'report --from s3://BUCKET --region REGION --pipeline PIPELINE'))
  .action(perform(async () => (await import('./report.ts')).report));
command('topics [topic]', 'show records of a topic, decoded; without one, the topics of the deployed pipelines')
  .option('--from <place>', 'from there on: earliest, a time such as 2026-01-31T13:00:00Z, or partition:offset')
  .option('--most <number>', 'no more than so many; without --from the newest ones, 20 unless said otherwise', count)
  .option('-f, --follow', 'go on as more come')
  .option('--dead-letters', 'the dead letters of the topic')
  .option('--reason <reason>', 'dead letters of this reason alone; may be given again', several)
  .option('--json', 'print JSON lines, one object for each record; without a topic, one object')
  .addHelpText('after', examples('topics', 'topics TOPIC --from 0:42 --most 5 --json', 'topics TOPIC --reason late'))
  .action(perform(async () => (await import('./topics.ts')).topics));
command(
  'rejects <pipeline> [execution]',
  'show the lines of files that could not be sent, in the latest execution or another',
)
  .option(...jsonLines)
  .addHelpText('after', examples('rejects PIPELINE', 'rejects PIPELINE 20260131130000-aaaa --json'))
  .action(perform(async () => (await import('./rejects.ts')).rejects));
command('executions', 'list what was run; show one in detail, or stop one that runs')
  .addArgument(new Argument('[what]', 'instead of the list').choices(['show', 'stop']))
  .argument('[execution]', 'by its name; show takes the latest one unless another is named')
  .option('--pipeline <name>', 'those of one pipeline')
  .option(...json)
  .addHelpText('after', examples('executions --pipeline PIPELINE', 'executions stop 20260131130000-aaaa'))
  .action(perform(async () => (await import('./executions.ts')).executions));
command('status', 'show services, pipelines, their streams and their last executions')
  .option(...json)
  .action(perform(async () => (await import('./status.ts')).status));
command('logs <job>', 'show the log of the latest run of a job, or of kafka or registry')
  .option('-f, --follow', 'go on as more comes')
  .option('--events', 'show the JSON lines of a job instead')
  .action(perform(async () => (await import('./logs.ts')).logs));
command('access [pipeline]', 'show what the roles may do beside what they asked for here; what was denied first')
  .option(...json)
  .action(perform(async () => (await import('./access.ts')).access));
command('doctor', 'check what a run needs of this machine, and say what to do about what is missing')
  .option(...json)
  .addHelpText('after', '\nIt ends with 1 when something would stop a run.\nExample: npx millrace doctor --json')
  .action(perform(async () => (await import('./doctor.ts')).doctor));
command('down', 'end everything that runs here')
  .option('--purge', 'remove all data too')
  .option(...json)
  .action(perform(async () => (await import('./down.ts')).down));
command('cost', 'estimate what an environment costs on AWS, from its configuration')
  .requiredOption('--env <name>', 'environment, a file in config/')
  .option(...json)
  .action(perform(async () => (await import('./cost.ts')).cost));
command('synth', 'synthesize the CDK app into cdk.out, if something changed').action(
  perform(async () => (await import('./up.ts')).synth),
);
command('validate', 'check the declarations of all pipelines; show their order and the size of their state').action(
  perform(async () => (await import('./validate.ts')).validate),
);
command(
  'describe <pipeline>',
  'show what a pipeline is: flow, parameters, files, topics, jobs; from its declaration alone',
)
  .option(...json)
  .addHelpText('after', '\nExample: npx millrace describe weather --json')
  .action(perform(async () => (await import('./describe.ts')).describe));
command('new <name>', 'make a small pipeline that runs, to be changed from there')
  .option(...json)
  .action(perform(async () => (await import('./new.ts')).newPipeline));
command('test <pipeline>', 'run the tests of one pipeline alone').action(
  perform(async () => (await import('./test.ts')).test),
);

await program.parseAsync();
