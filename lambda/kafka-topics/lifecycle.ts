/**
 * Takes CloudFormation's events for the topics of one pipeline and a way to connect, and gives the Provider framework's
 * answers. It translates the lifecycle and keeps the pace that the cluster's quota asks for; the work is in
 * `topics.ts`. Called by `handler.ts`.
 */
import { fitting, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import type { Connection } from './client.ts';
import { type DeclaredTopics, readDeclaredTopics, type Topic } from './declared.ts';
import { firstPart, type Plan, partitionsIn } from './plan.ts';
import { checkPlan, type Order, planTopics, type TopicAdmin, takeSteps, waitUntilSettled } from './topics.ts';

/** What `onEvent` tells `isComplete` so that both keep one pace. */
export interface Pace {
  /** Milliseconds since 1970, as text like all that CloudFormation passes on. */
  readonly StartedAt: string;
  /** Partitions that are made or removed in all. */
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

/** Runs a piece of work with a connected client. */
export type Connect = <T>(connection: Connection, work: (admin: TopicAdmin) => Promise<T>) => Promise<T>;

/** Begins what the event asks for. */
export async function begin(event: LifecycleEvent, connect: Connect): Promise<LifecycleAnswer & Partial<Pace>> {
  return failing(async () => {
    const { connection, order } = readEvent(event);
    const answer = {
      // Kept through every update: another id would make CloudFormation delete the topics of the old one.
      PhysicalResourceId: event.PhysicalResourceId ?? `kafka-topics/${connection.pipeline}`,
      Data: { Count: String(order.declared.length) },
    };
    if (!order.declared.length && !order.before.some(({ onRemoval }) => onRemoval === 'delete')) return answer;
    return connect(connection, async (admin) => {
      const plan = await planTopics(admin, order);
      await checkPlan(admin, plan);
      const planned = partitionsIn(plan);
      await advance(admin, plan, order, limited(connection) ? partitionsPerWindow : Number.POSITIVE_INFINITY);
      return { ...answer, StartedAt: String(Date.now()), PlannedPartitions: String(planned) };
    });
  });
}

/** Goes on with what is left, and says whether nothing is. */
export async function goOn(event: LifecycleEvent & Partial<Pace>, connect: Connect): Promise<{ IsComplete: boolean }> {
  return failing(async () => {
    // Without a pace the first call found nothing that a cluster has to be asked about.
    if (event.StartedAt === undefined) return { IsComplete: true };
    const { connection, order } = readEvent(event);
    return connect(connection, async (admin) => {
      const plan = await planTopics(admin, order);
      const allowed = limited(connection) ? allowance(event, partitionsIn(plan)) : Number.POSITIVE_INFINITY;
      return { IsComplete: await advance(admin, plan, order, allowed) };
    });
  });
}

/** Takes the steps that are allowed now; true when nothing is left and every topic can be used. */
async function advance(admin: TopicAdmin, plan: Plan, order: Order, allowedPartitions: number): Promise<boolean> {
  const part = firstPart(plan, allowedPartitions, partitionsPerWindow);
  const allTaken = await takeSteps(admin, part);
  if (!allTaken || partitionsIn(part) < partitionsIn(plan)) return false;
  return waitUntilSettled(admin, order, settleMs);
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

const limited = ({ security }: DeclaredTopics): boolean => security === 'iam';

function readEvent(event: LifecycleEvent): { connection: DeclaredTopics; order: Order } {
  const now = readDeclaredTopics(event.ResourceProperties);
  const kind = limited(now) ? 'msk-serverless' : 'kafka';
  if (event.RequestType === 'Delete') return { connection: now, order: { kind, declared: [], before: now.topics } };
  return { connection: now, order: { kind, declared: now.topics, before: earlierTopics(event) } };
}

/**
 * What was deployed was checked when it was; a rule that is stricter by now must not make it impossible to leave it.
 */
function earlierTopics({ RequestType, OldResourceProperties: old }: LifecycleEvent): readonly Topic[] {
  if (RequestType !== 'Update' || !old) return [];
  try {
    return readDeclaredTopics(old).topics;
  } catch {
    return [];
  }
}

async function failing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fitting(error);
  }
}
