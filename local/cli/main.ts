/**
 * The command line: one command runs, and an exit code comes of it. Started by `millrace.mjs` under the project's own Node once everything it
 * needs is installed.
 */
import { constants } from 'node:os';
import { CommanderError } from 'commander';
import { diskFull, hasErrorCode, MillraceError, messageOf, saysDiskFull } from '../../tools/errors.mjs';
import { millraceHome } from '../home.ts';
import { escaped, visible } from '../visible.ts';
import { commandLine, type Work } from './commands.ts';
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

// Who has seen enough of the progress has not asked for its end.
process.stderr.on('error', (error) => {
  if (hasErrorCode(error, 'EPIPE')) return;
  throw error;
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

// What comes from records, files and logs must not drive the terminal.
const print = (text: string) => void process.stdout.write(`${inJson ? escaped(text) : visible(text)}\n`);

/** What commander does for a command: loads its work, runs it, and says what went wrong in words, never in a stack trace, unless the fault is ours. */
function perform(load: () => Promise<Work>) {
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
  const mistakes = Object(error).mistakes as unknown;
  if (json)
    print(JSON.stringify({ error: { code, message: messageOf(error), details, ...(mistakes ? { mistakes } : {}) } }));
  terminal.bad('error', ` ${code}: ${messageOf(error)}`);
  for (const detail of details) terminal.plain(`  ${detail.replaceAll('\n', '\n  ')}`);
  if (!known && error instanceof Error) terminal.plain(error.stack ?? '');
}

const program = commandLine(perform);
for (const command of [program, ...program.commands]) command.exitOverride();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // It has said it to people already.
  process.exitCode = error.exitCode;
  inJson = process.argv.includes('--json');
  const message = error.message.replace(/^error: /, '');
  if (inJson && error.exitCode !== 0) print(JSON.stringify({ error: { code: 'WRONG_USAGE', message, details: [] } }));
}
