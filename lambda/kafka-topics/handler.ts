/** Lambda behind `Custom::KafkaTopics`, all topics of one pipeline, which keeps the pace that the cluster's quota asks for. */
import { answering, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { withAdmin } from './client.ts';
import { type DeclaredTopics, readDeclaredTopics } from './declared.ts';
import { firstPart, type Goal, partitionsIn, type Steps } from './steps.ts';
import { checkSteps, stepsFor, type TopicAdmin, takeSteps, waitUntilSettled } from './topics.ts';

/** What `onEvent` tells `isComplete` so that both keep one pace. */
export interface Pace {
  /** Milliseconds since 1970, as text like all that CloudFormation passes on. */
  readonly StartedAt: string;
  readonly PlannedPartitions: string;
}

/**
 * MSK Serverless makes or removes 250 partitions in five minutes. Ten are left for others, and ten seconds for requests
 * that take their time.
 */
const partitionsPerWindow = 240;
const windowMs = 310_000;

/** How long one call waits for topics to appear before the framework asks again. */
const settleMs = 10_000;

export type Connect = typeof withAdmin;

export async function begin(event: LifecycleEvent, connect: Connect): Promise<LifecycleAnswer & Partial<Pace>> {
  const { connection, goal } = readEvent(event);
  const answer = {
    // Kept through every update: another id would make CloudFormation delete the topics of the old one.
    PhysicalResourceId: event.PhysicalResourceId ?? `kafka-topics/${connection.pipeline}`,
    Data: { Count: String(goal.declared.length) },
  };
  if (!goal.declared.length && !goal.before.some(({ onRemoval }) => onRemoval === 'delete')) return answer;
  return connect(connection, async (admin) => {
    const steps = await stepsFor(admin, goal);
    await checkSteps(admin, steps);
    const planned = partitionsIn(steps);
    await advance(admin, steps, goal, limited(connection) ? partitionsPerWindow : Number.POSITIVE_INFINITY);
    return { ...answer, StartedAt: String(Date.now()), PlannedPartitions: String(planned) };
  });
}

/** Goes on with what is left, and says whether nothing is. */
export async function goOn(event: LifecycleEvent & Partial<Pace>, connect: Connect): Promise<{ IsComplete: boolean }> {
  // Without a pace the first call found nothing that a cluster has to be asked about.
  if (event.StartedAt === undefined) return { IsComplete: true };
  const { connection, goal } = readEvent(event);
  return connect(connection, async (admin) => {
    const steps = await stepsFor(admin, goal);
    const allowed = limited(connection) ? allowance(event, partitionsIn(steps)) : Number.POSITIVE_INFINITY;
    return { IsComplete: await advance(admin, steps, goal, allowed) };
  });
}

/** Takes the steps that are allowed now; true when nothing is left and every topic can be used. */
async function advance(admin: TopicAdmin, steps: Steps, goal: Goal, allowedPartitions: number): Promise<boolean> {
  const part = firstPart(steps, allowedPartitions, partitionsPerWindow);
  const allTaken = await takeSteps(admin, part);
  if (!allTaken || partitionsIn(part) < partitionsIn(steps)) return false;
  return waitUntilSettled(admin, goal, settleMs);
}

/**
 * How many partitions may be made or removed now: a portion for every window since the start, less what is done, and
 * never more than one portion at a time. What an earlier window left over can make this too many; then the cluster says
 * so, and the rest waits.
 */
function allowance(event: Partial<Pace>, left: number): number {
  const windows = 1 + Math.floor((Date.now() - Number(event.StartedAt)) / windowMs);
  const done = Math.max(0, Number(event.PlannedPartitions) - left);
  return Math.min(partitionsPerWindow, windows * partitionsPerWindow - done);
}

/** Whether it is MSK Serverless, by the names of its brokers: those of MSK Express are brokers like others. */
const limited = ({ bootstrapServers }: DeclaredTopics): boolean => /\.kafka-serverless\./.test(bootstrapServers);

function readEvent(event: LifecycleEvent): { connection: DeclaredTopics; goal: Goal } {
  const isGone = event.RequestType === 'Delete';
  const now = isGone ? readDeployed(event.ResourceProperties) : readDeclaredTopics(event.ResourceProperties);
  const before = isGone ? now : readDeployed(event.OldResourceProperties);
  const kind = limited(now) ? 'msk-serverless' : 'kafka';
  return { connection: now, goal: { kind, declared: isGone ? [] : now.topics, before: before.topics } };
}

/** What was deployed was checked when it was; a rule that is stricter by now must not make it impossible to leave it. */
function readDeployed(properties: LifecycleEvent['ResourceProperties'] = {}): DeclaredTopics {
  try {
    return readDeclaredTopics(properties);
  } catch {
    return { pipeline: '', bootstrapServers: '', security: 'iam', topics: [] };
  }
}

export const onEvent = answering((event: LifecycleEvent) => begin(event, withAdmin));

/** Called again and again until it says so, with the event and what `onEvent` answered. */
export const isComplete = answering((event: LifecycleEvent & Partial<Pace>) => goOn(event, withAdmin));
