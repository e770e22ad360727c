/** The table of commands: their words, options and examples, and which module does the work of each. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from './context.ts';

/** Does the work of a command, and gives its exit code. */
// biome-ignore lint/suspicious/noExplicitAny: commander gives what the words and options name
export type Work = (context: Context, ...given: any[]) => Promise<number>;

/** Makes of work what commander calls; the module is loaded when its command is. */
export type Perform = (load: () => Promise<Work>) => (...given: unknown[]) => Promise<void>;

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

function brokers(text: string): number {
  if (text === '1' || text === '3') return Number(text);
  throw new InvalidArgumentError('Allowed are 1 and 3: with three each record has three copies, as on AWS.');
}

const several = (one: string, all: string[] = []): string[] => [...all, one];

/** Shown under the options of a command. */
const examples = (...lines: string[]): string =>
  ['\nExamples:', ...lines.map((line) => `  npx millrace ${line}`)].join('\n');

const json = ['--json', 'print one JSON object'] as const;
const jsonLines = ['--json', 'print JSON lines, one object for each'] as const;
const cold = ['--cold', 'start a JVM for each job, instead of jobs in warm ones'] as const;
const strict = ['--strict', 'let jobs reach S3 by its server, which asks the deployed policies'] as const;
const watch = ['--watch', 'show it on a page in the browser, whose address is printed'] as const;

export function commandLine(perform: Perform): Command {
  const program = new Command('millrace')
    .description('Runs the streaming pipelines of this project on this machine, as they would be deployed to AWS.')
    // Answered before the set-up.
    .option('-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .showHelpAfterError('(see: npx millrace --help)');

  const command = (words: string, description: string): Command => {
    const made = program.command(words).description(description);
    return made.showHelpAfterError(`(see: npx millrace ${made.name()} --help)`);
  };

  command(
    'up [pipelines...]',
    'synthesize, start the services, deploy: all pipelines, or those named and what is deployed',
  )
    .option('--explain', 'list what of the assembly runs here and what exists on AWS only')
    .option(
      '--brokers <number>',
      '3 for three of them that keep copies for each other, as on AWS; 1 if left out',
      brokers,
    )
    .option('--kafka-port <port>', 'port of the broker', port)
    .option('--postgres-port <port>', 'port of the databases', port)
    .option('--registry-port <port>', 'port of the schema registry', port)
    .option('--live', 'let sources listen to the outside itself, and not to what plays it here')
    .option(...json)
    .addHelpText(
      'after',
      examples('up', 'up PIPELINE', 'up --brokers 3', 'up PIPELINE --live', 'up --kafka-port 19092 --json'),
    )
    .action(perform(async () => (await import('./up.ts')).up));
  command('run <pipeline>', 'run a deployed pipeline and show its results')
    .option('--sample-data <folder>', 'files to use instead of the project’s own')
    .option('--input <json>', 'input of the execution, such as \'{"rate": 100}\'')
    .option('--job <name>', 'one batch job alone, by its name with hyphens')
    .option('--schedule <name>', 'what a schedule would run at its time, at once')
    .option('--action <action>', 'run the whole pipeline; or start, stop or upgrade its streams')
    .option('--stream <name>', 'the one stream that the action is about')
    .option('--rebuild', 'let streams begin anew, over what they have read and written before')
    .option(...cold)
    .option(...strict)
    .option(...watch)
    .option('--dry-run', 'print what each job would be told, and start nothing')
    .option(...json)
    .addHelpText(
      'after',
      examples(
        'run PIPELINE --watch',
        'run PIPELINE --input \'{"rate": 1000, "rows": 100000}\'',
        'run PIPELINE --sample-data my-files --json',
        'run PIPELINE --action stop',
      ),
    )
    .action(perform(async () => (await import('./run.ts')).run));
  command('replay <pipeline>', 'send dead letters again, to the topic of replays')
    .option('--reason <reason>', 'those of this reason; may be given again', several)
    .option('--since <time>', 'those set aside at this time or later, such as 2026-01-31T13:00:00Z')
    .option('--until <time>', 'those set aside before this time')
    .option('--dry-run', 'count them, and send nothing')
    .option(...json)
    .addHelpText(
      'after',
      examples('replay PIPELINE --dry-run', 'replay PIPELINE --reason late --since 2026-01-31T13:00:00Z'),
    )
    .action(perform(async () => (await import('./replay.ts')).replay));
  command('clients <pipeline>', 'print the settings of applications that write or read topics of a pipeline')
    .option('--env <name>', 'environment on AWS, a file in config/', 'dev')
    .option(...json)
    .addHelpText('after', examples('clients PIPELINE', 'clients PIPELINE --env dev --json'))
    .action(perform(async () => (await import('./clients.ts')).clients));
  command('demo', 'up, run the pipeline of the demo, down')
    .option('--keep', 'leave the services running')
    .option(...cold)
    .option(...strict)
    .option(...watch)
    .option(...json)
    .addHelpText('after', examples('demo --watch', 'demo --keep'))
    .action(perform(async () => (await import('./demo.ts')).demo));
  command(
    'watch [pipeline]',
    'show what a pipeline does on a page in the browser; of none named the one that was run last',
  )
    .option(...json)
    .addHelpText('after', examples('watch', 'watch PIPELINE'))
    .action(perform(async () => (await import('./watch.ts')).watch));
  command('report [execution]', 'make one file of the page of an execution, of the latest one unless another is named')
    .option('--pipeline <name>', 'one of this pipeline')
    .option('--from <bucket>', 'one that ran on AWS, from its data bucket and logs: s3://BUCKET')
    .option('--region <name>', 'Region of that bucket')
    .option('--env <name>', 'environment of that bucket, a file in config/', 'dev')
    .option(...json)
    .addHelpText(
      'after',
      examples('report', 'report 20260131130000-aaaa', 'report --from s3://BUCKET --region REGION --pipeline PIPELINE'),
    )
    .action(perform(async () => (await import('./report.ts')).report));
  command('topics [topic]', 'show records of a topic, decoded; without one, the topics of the deployed pipelines')
    .option('--from <place>', 'from there on: earliest, a time such as 2026-01-31T13:00:00Z, or partition:offset')
    .option('--most <number>', 'no more than so many; without --from the newest ones, 20 unless said otherwise', count)
    .option('-f, --follow', 'go on as more come')
    .option('--dead-letters', 'the dead letters of the topic')
    .option('--reason <reason>', 'dead letters of this reason alone; may be given again', several)
    .addOption(
      new Option('--partitions', 'where partitions are kept, their offsets and bytes, instead of records').conflicts([
        'from',
        'most',
        'follow',
        'deadLetters',
        'reason',
      ]),
    )
    .option('--json', 'print JSON lines, one object for each record; without a topic or with --partitions, one object')
    .addHelpText(
      'after',
      examples(
        'topics',
        'topics --partitions',
        'topics TOPIC --from 0:42 --most 5 --json',
        'topics TOPIC --reason late',
      ),
    )
    .action(perform(async () => (await import('./topics.ts')).topics));
  command(
    'rejects <pipeline> [execution]',
    'show the lines of files that could not be sent, in the latest execution or another',
  )
    .option(...jsonLines)
    .addHelpText('after', examples('rejects PIPELINE', 'rejects PIPELINE 20260131130000-aaaa --json'))
    .action(perform(async () => (await import('./rejects.ts')).rejects));
  command('sql <pipeline>', 'show what is in the database of a pipeline; without a query, how psql connects')
    .argument('[query]', 'one statement, which changes nothing')
    .option(...json)
    .addHelpText('after', examples('sql PIPELINE', "sql PIPELINE 'select count(*) from TABLE'"))
    .action(perform(async () => (await import('./sql.ts')).sql));
  command('executions', 'list what was run; show one in detail, or stop one that runs')
    .addArgument(new Argument('[what]', 'instead of the list').choices(['show', 'stop']))
    .argument('[execution]', 'by its name; show takes the latest one unless another is named')
    .option('--pipeline <name>', 'those of one pipeline')
    .option(...json)
    .addHelpText('after', examples('executions --pipeline PIPELINE', 'executions stop 20260131130000-aaaa'))
    .action(perform(async () => (await import('./executions.ts')).executions));
  command('status', 'show services, pipelines, their streams and their last executions')
    .option(...json)
    .addHelpText('after', examples('status', 'status --json'))
    .action(perform(async () => (await import('./status.ts')).status));
  command('logs <job>', 'show the log of the latest run of a job, or of kafka or registry')
    .option('-f, --follow', 'go on as more comes')
    .option('--events', 'show the JSON lines of a job instead')
    .option(...jsonLines)
    .addHelpText('after', examples('logs JOB --follow', 'logs JOB --events', 'logs kafka --json'))
    .action(perform(async () => (await import('./logs.ts')).logs));
  command('access [pipeline]', 'show what the roles may do beside what they asked for here; what was denied first')
    .option(...json)
    .addHelpText('after', examples('access PIPELINE', 'access --json'))
    .action(perform(async () => (await import('./access.ts')).access));
  command(
    'doctor',
    'check what a run needs of this machine, and say what to do about what is missing; ends with 1 where something would stop one',
  )
    .option(...json)
    .addHelpText('after', examples('doctor', 'doctor --json'))
    .action(perform(async () => (await import('./doctor.ts')).doctor));
  command('down', 'end everything that runs here')
    .option('--purge', 'remove all data too')
    .option(...json)
    .addHelpText('after', examples('down', 'down --purge'))
    .action(perform(async () => (await import('./down.ts')).down));
  command('cost', 'estimate what an environment costs on AWS, from its configuration')
    .requiredOption('--env <name>', 'environment, a file in config/')
    .option(...json)
    .addHelpText('after', examples('cost --env dev', 'cost --env dev --json'))
    .action(perform(async () => (await import('./cost.ts')).cost));
  command('synth', 'synthesize the CDK app into cdk.out, if something changed')
    .option(...json)
    .addHelpText('after', examples('synth', 'synth --json'))
    .action(perform(async () => (await import('./up.ts')).synth));
  command('validate', 'check the declarations of all pipelines; show their order and the size of their state')
    .option(...json)
    .addHelpText('after', examples('validate', 'validate --json'))
    .action(perform(async () => (await import('./validate.ts')).validate));
  command(
    'describe <pipeline>',
    'show what a pipeline is: flow, parameters, files, topics, jobs; from its declaration alone',
  )
    .option(...json)
    .addHelpText('after', examples('describe PIPELINE', 'describe PIPELINE --json'))
    .action(perform(async () => (await import('./describe.ts')).describe));
  command('check <pipeline>', 'show which lines of its files a pipeline would reject, and why; runs nothing')
    .option('--sample-data <folder>', 'files to check instead of the project’s own')
    .option(...jsonLines)
    .addHelpText('after', examples('check PIPELINE --sample-data my-files', 'check PIPELINE --json'))
    .action(perform(async () => (await import('./check.ts')).check));
  command('new <name>', 'make a small pipeline that runs, to be changed from there')
    .option('--from <file>', 'of the columns of this file: CSV, JSON lines, or a schema of one in Avro or JSON Schema')
    .option('--key <column>', 'the column by which its rows are counted')
    .option('--time <column>', 'the column that says when')
    .option(...json)
    .addHelpText(
      'after',
      examples('new weather', 'new shop --from takings.csv', 'new shop --from takings.csv --key country'),
    )
    .action(perform(async () => (await import('./new.ts')).newPipeline));
  command('test <pipeline>', 'run the tests of one pipeline alone')
    .option(...json)
    .addHelpText('after', examples('test PIPELINE', 'test PIPELINE --json'))
    .action(perform(async () => (await import('./test.ts')).test));

  command('completion', 'print what completes these commands in a shell; see the runbook for where it goes')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examples(
        'completion bash > ~/.millrace-completion',
        'completion fish > ~/.config/fish/completions/millrace.fish',
      ),
    )
    .action(
      perform(async () => {
        const { completionOf } = await import('./completion.ts');
        return async ({ print }, shell) => {
          print(completionOf(program, shell));
          return 0;
        };
      }),
    );
  return program;
}
