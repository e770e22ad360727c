/** A feed as a Lambda: what it tells of changes is another module, with which this one is bundled. */
import type { Change, Tells } from '../../lib/declaration/changes.ts';
import type { JsonRecord } from '../../lib/declaration/listening.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';
import { changeOf, itemOf, type StreamRecord } from './change.ts';
import { Writer } from './kafka.ts';

/** What the deployment says, as JSON in the variable `FEED`. */
interface Told {
  readonly pipeline: string;
  readonly feed: string;
  readonly topics: Readonly<Record<string, string>>;
}

/** Changes of one shard, in the order in which they were made. */
interface Event {
  readonly Records: readonly StreamRecord[];
}

/** What is left of the time of a call when it gives up waiting for brokers. */
const GRACE_MS = 15_000;

/** Without the words that `console` puts before them, so that a filter finds JSON. */
const say = (line: Readonly<Record<string, unknown>>) => void process.stdout.write(`${JSON.stringify(line)}\n`);

let writer: Writer | undefined;

/** Who throws is called again with the same changes, then with half of them, down to the one at which it throws; before that nothing was written of a call that throws. */
export const handlerOf =
  (tells: Tells) =>
  async ({ Records: records }: Event, context: { getRemainingTimeInMillis(): number }): Promise<object> => {
    const { pipeline, feed, topics } = JSON.parse(process.env.FEED ?? '{}') as Told;
    const told = recordsOf(tells, topics, records);
    if (told.size === 0) return {};
    writer ??= new Writer({
      bootstrapServers: process.env.BOOTSTRAP_SERVERS ?? '',
      security: 'iam',
      clientId: `millrace.${pipeline}.feed.${feed}`,
      broken: (message) => say({ event: 'broken', message }),
    });
    await writer.write(told, () => context.getRemainingTimeInMillis() - GRACE_MS);
    const written = [...told.values()].reduce((sum, { length }) => sum + length, 0);
    say({ event: 'told', changes: records.length, written });
    return {};
  };

/** What is to be written to each topic, by its name; all of it is known before any of it is written. */
export function recordsOf(
  tells: Tells,
  topics: Told['topics'],
  records: readonly StreamRecord[],
): ReadonlyMap<string, readonly JsonRecord[]> {
  const changes = records.map((record) => ({ record, change: changeOf(record) }));
  const found = Object.entries(topics).map(([alias, topic]) => {
    const tell = tells[alias];
    if (!tell) {
      const allowed = Object.keys(tells).join(', ');
      throw new Error(`The code tells nothing to "${alias}", a topic that its feed writes. It has: ${allowed}.`);
    }
    const told = changes.flatMap(({ record, change }) => toldOf(tell, change, record) ?? []);
    return [topic, told] as const;
  });
  return new Map(found.filter(([, told]) => told.length > 0));
}

function toldOf(tell: Tells[string], change: Change, { dynamodb }: StreamRecord): JsonRecord | undefined {
  try {
    return tell(change);
  } catch (error) {
    const item = JSON.stringify(itemOf(dynamodb.Keys));
    throw new Error(`The code fails at change ${dynamodb.SequenceNumber} of the item ${item}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
