/**
 * Lambda behind `Custom::KafkaTopics`, all topics of one pipeline: CloudFormation's events come in through the CDK's
 * Provider framework, the physical id and the number of topics go out. The lifecycle is in `lifecycle.ts`, the work in
 * `topics.ts`.
 */
import type { LifecycleAnswer, LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { withAdmin } from './client.ts';
import { begin, goOn, type Pace } from './lifecycle.ts';

/** Called once for each event. */
export const onEvent = (event: LifecycleEvent): Promise<LifecycleAnswer & Partial<Pace>> => begin(event, withAdmin);

/** Called again and again until it says so, with the event and what `onEvent` answered. */
export const isComplete = (event: LifecycleEvent & Partial<Pace>): Promise<{ IsComplete: boolean }> =>
  goOn(event, withAdmin);
