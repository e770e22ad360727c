/** The sources of a deployment: functions that say of themselves that they are one, and the schedule that calls each. */
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import type { NamedSecret } from '../services/sources.ts';
import type { DeployedResource, Deployment } from './model.ts';
import { environmentOf } from './providers/lambda.ts';

export interface DeployedSource {
  readonly pipeline: string;
  readonly source: string;
  readonly listens: DeployedResource;
  readonly turnMs: number;
  readonly secrets: readonly NamedSecret[];
}

export function deployedSources({ resources }: Pick<Deployment, 'resources'>): DeployedSource[] {
  return resources.flatMap((listens) => {
    const { pipeline, source, secrets } = objectIn(environmentOf(listens).SOURCE ?? '') ?? {};
    if (listens.type !== 'AWS::Lambda::Function' || !pipeline || !source) return [];
    const named = isObject(secrets) ? (Object.values(secrets) as unknown as NamedSecret[]) : [];
    const calls = resources.find((one) => one.type === 'AWS::Events::Rule' && targetOf(one) === listens.attributes.Arn);
    const [, minutes = ''] = /^rate\((\d+) minutes?\)$/.exec(String(calls?.properties.ScheduleExpression)) ?? [];
    if (minutes === '') return [];
    return {
      ...{ pipeline: String(pipeline), source: String(source), listens, secrets: named },
      turnMs: Number(minutes) * 60_000,
    };
  });
}

function targetOf({ properties }: DeployedResource): unknown {
  const [target] = Array.isArray(properties.Targets) ? properties.Targets : [];
  return isObject(target) ? target.Arn : undefined;
}
