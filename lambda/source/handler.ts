/** A source as a Lambda: what it listens to is another module, with which this one is bundled. */
import type { Channels } from '../../lib/declaration/listening.ts';
import type { ParameterValue } from '../../lib/declaration/parameter.ts';
import { PACE, type Tell } from './channel.ts';
import { openKafka } from './kafka.ts';
import { run } from './run.ts';
import { type SecretNames, secretsOf } from './secrets.ts';

/** What the deployment says, as JSON in the variable `SOURCE`. */
interface Told {
  readonly pipeline: string;
  readonly source: string;
  readonly topics: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly secrets: SecretNames;
}

/** On a developer's machine: where that is which plays the outside. */
interface Event {
  readonly standIn?: string;
}

/** What is left of the time that a function has when it begins to end: enough to write what has been heard. */
const GRACE_MS = 15_000;

/** Without the words that `console` puts before them, so that a filter finds JSON. */
const tell: Tell = (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);

export const handlerOf =
  (all: Channels) =>
  async ({ standIn }: Event, context: { getRemainingTimeInMillis(): number }): Promise<{ readonly ended: string }> => {
    const { topics, parameters, secrets, ...names } = JSON.parse(process.env.SOURCE ?? '{}') as Told;
    const channels = Object.fromEntries(
      Object.keys(topics).map((alias) => {
        const channel = all[alias];
        if (channel) return [alias, channel];
        const allowed = Object.keys(all).join(', ');
        throw new Error(`The code has no channel "${alias}", a topic that its source writes. It has: ${allowed}.`);
      }),
    );
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), Math.max(0, context.getRemainingTimeInMillis() - GRACE_MS));
    try {
      const bootstrapServers = process.env.BOOTSTRAP_SERVERS ?? '';
      const ended = await run({
        channels,
        outside: { parameters, secret: secretsOf(secrets), standIn },
        open: () => openKafka({ ...names, bootstrapServers, security: 'iam', topics }),
        tell,
        pace: PACE,
        signal: ending.signal,
      });
      tell({ event: 'ended', why: ended });
      return { ended };
    } finally {
      clearTimeout(timer);
    }
  };
