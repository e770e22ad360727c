/** The deployed schedules: when each comes next, and what it would start, if its role may. */
import { cronOf, inZone, nextTimes } from '../../lib/declaration/cron.ts';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import type { Deployment } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';
import { assume } from '../iam/calls.ts';
import { decisionPoint } from '../iam/decision-point.ts';
import type { JsonObject } from './task.ts';

const SCHEDULE = 'AWS::Scheduler::Schedule';

const ofStack = ({ resources, environment }: Deployment, pipeline: string) =>
  resources.filter(({ stack }) => stack === `${environment}/${pipeline}`);

/** A schedule as people see it. */
export interface ShownSchedule {
  readonly name: string;
  /** The next times, as the clock of its zone shows them. */
  readonly next: readonly string[];
}

/** Those of a pipeline, with the times that come next. */
export function schedulesOf(deployment: Deployment, pipeline: string, count: number): ShownSchedule[] {
  const schedules = ofStack(deployment, pipeline).filter(({ type }) => type === SCHEDULE);
  return schedules.map(({ properties }) => {
    const [, expression = ''] = /^cron\((.*)\)$/.exec(String(properties.ScheduleExpression)) ?? [];
    const zone = String(properties.ScheduleExpressionTimezone);
    const cron = cronOf(expression);
    const times = cron ? nextTimes(cron, zone, Date.now(), count) : [];
    return { name: String(properties.Name), next: times.map((time) => inZone(time, zone)) };
  });
}

/** @throws MillraceError NOT_UP where the schedule is not deployed, ACCESS_DENIED where its role may not start the state machine */
export function scheduledInput(home: Home, deployment: Deployment, pipeline: string, name: string): JsonObject {
  const resources = ofStack(deployment, pipeline);
  const found = resources.find(({ type, properties }) => type === SCHEDULE && properties.Name === name);
  const group = resources.find(
    ({ type, physicalId }) => type === 'AWS::Scheduler::ScheduleGroup' && physicalId === found?.properties.GroupName,
  );
  const target = found?.properties.Target;
  if (!isObject(target) || !group) {
    throw new MillraceError(
      'NOT_UP',
      `Schedule "${name}" of ${pipeline} is not deployed here. Run "npx millrace up" first.`,
    );
  }
  const role = String(target.RoleArn);
  const point = decisionPoint(home);
  for (const request of [
    { ...assume(role, String(group.attributes.Arn)), principal: 'scheduler.amazonaws.com' },
    { principal: role, action: 'states:StartExecution', resource: String(target.Arn) },
  ]) {
    const { allowed, reason } = point.decide(request);
    if (!allowed) throw new MillraceError('ACCESS_DENIED', reason);
  }
  return (objectIn(String(target.Input)) ?? {}) as JsonObject;
}
