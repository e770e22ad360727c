/**
 * The command line: words come in, one command runs, an exit code goes out. Started by `millrace.mjs` under the project's own Node once
 * everything it needs is installed.
 */
import { Command, InvalidArgumentError } from 'commander';
import { MillraceError, messageOf } from '../../tools/errors.ts';
import { millraceHome } from '../home.ts';
import type { Context } from './context.ts';
import type { RunOptions } from './run.ts';
import { catchSignals } from './signals.ts';
import { Terminal } from './terminal.ts';

type Action = (context: Context) => Promise<number>;

const terminal = new Terminal();
const stopping = catchSignals(terminal);

/** Runs a command and says what went wrong in words, never in a stack trace, unless the fault is ours. */
async function perform(json: boolean | undefined, action: Action): Promise<void> {
  const context: Context = {
    home: millraceHome(),
    terminal,
    json: json === true,
    signal: stopping.signal,
    onForce: stopping.onForce,
    print: (text) => void process.stdout.write(`${text}\n`),
  };
  try {
    process.exitCode = await action(context);
  } catch (error) {
    terminal.close();
    process.exitCode = 1;
    if (!stopping.signal.aborted) report(error, context);
    else if (context.json)
      context.print(JSON.stringify({ error: { code: 'ABORTED', message: 'Stopped by a signal.' } }));
    else terminal.line('stopped');
  }
  process.exitCode = stopping.exitCode() ?? process.exitCode;
  stopping.release();
}

function report(error: unknown, { json, print }: Context): void {
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

const program = new Command('millrace')
  .description('Runs the streaming pipelines of this project on this machine, as they would be deployed to AWS.')
  .helpOption('-h, --help', 'show this help')
  .showHelpAfterError('(see: npx millrace --help)');

program
  .command('up')
  .description('synthesize, start Kafka and the schema registry, deploy')
  .option('--explain', 'list what of the assembly runs here and what exists on AWS only')
  .option('--kafka-port <port>', 'port of the broker', port)
  .option('--registry-port <port>', 'port of the schema registry', port)
  .option('--json', 'print one JSON object')
  .action((options: { explain?: boolean; json?: boolean; kafkaPort?: number; registryPort?: number }) =>
    perform(options.json, async (context) => {
      const { explainAssembly, up } = await import('./up.ts');
      return options.explain ? explainAssembly(context) : up(context, options);
    }),
  );

program
  .command('run <pipeline>')
  .description('run a deployed pipeline and show its results')
  .option('--sample-data <folder>', 'files to use instead of the project’s own')
  .option('--input <json>', 'input of the execution, such as \'{"rate": 100}\'')
  .option('--job <name>', 'one batch job alone, such as write-totals')
  .option('--action <action>', 'run the whole order; or start, stop or upgrade a stream that goes on')
  .option('--json', 'print one JSON object')
  .action((pipeline: string, options: RunOptions & { json?: boolean }) =>
    perform(options.json, async (context) => (await import('./run.ts')).run(context, pipeline, options)),
  );

program
  .command('clients <pipeline>')
  .description('print the settings of applications that write or read topics of a pipeline')
  .option('--env <name>', 'environment on AWS, a file in config/', 'dev')
  .option('--json', 'print one JSON object')
  .action((pipeline: string, options: { env: string; json?: boolean }) =>
    perform(options.json, async (context) => (await import('./clients.ts')).clients(context, pipeline, options)),
  );

program
  .command('demo')
  .description('up, run the first pipeline, down')
  .option('--keep', 'leave the services running')
  .option('--json', 'print one JSON object')
  .action((options: { keep?: boolean; json?: boolean }) =>
    perform(options.json, async (context) => (await import('./demo.ts')).demo(context, options)),
  );

program
  .command('status')
  .description('show services, pipelines and their last executions')
  .option('--json', 'print one JSON object')
  .action((options: { json?: boolean }) =>
    perform(options.json, async (context) => (await import('./status.ts')).status(context)),
  );

program
  .command('logs <job>')
  .description('show the log of the latest run of a job, or of kafka or registry')
  .option('-f, --follow', 'go on as more comes')
  .option('--events', 'show the JSON lines of a job instead')
  .action((job: string, options: { follow?: boolean; events?: boolean }) =>
    perform(false, async (context) => (await import('./logs.ts')).logs(context, job, options)),
  );

program
  .command('down')
  .description('end everything that runs here')
  .option('--purge', 'remove all data too')
  .option('--json', 'print one JSON object')
  .action((options: { purge?: boolean; json?: boolean }) =>
    perform(options.json, async (context) => (await import('./down.ts')).down(context, options)),
  );

program
  .command('cost')
  .description('estimate what an environment costs on AWS, from its configuration')
  .requiredOption('--env <name>', 'environment, a file in config/')
  .option('--json', 'print one JSON object')
  .action((options: { env: string; json?: boolean }) =>
    perform(options.json, async (context) => (await import('./cost.ts')).cost(context, options)),
  );

program
  .command('synth')
  .description('synthesize the CDK app into cdk.out, if something changed')
  .action(() => perform(false, async (context) => (await import('./synth.ts')).synth(context)));

program
  .command('validate')
  .description('check the declarations of all pipelines')
  .action(() => perform(false, async (context) => (await import('./validate.ts')).validate(context)));

program
  .command('new <name>')
  .description('make a small pipeline that runs, to be changed from there')
  .option('--json', 'print one JSON object')
  .action((name: string, options: { json?: boolean }) =>
    perform(options.json, async (context) => (await import('./new.ts')).newPipeline(context, name)),
  );

program
  .command('test <pipeline>')
  .description('run the tests of one pipeline alone')
  .action((pipeline: string) => perform(false, async (context) => (await import('./test.ts')).test(context, pipeline)));

await program.parseAsync();
