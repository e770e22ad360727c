/** The feeds of a deployment: functions that say of themselves that they are one, and the mapping by which Lambda calls each. */
import { objectIn } from '../../lib/declaration/json.ts';
import type { DeployedResource, Deployment } from './model.ts';
import { environmentOf } from './providers/lambda.ts';

export interface DeployedFeed {
  readonly pipeline: string;
  readonly feed: string;
  /** The function, and what it is called with. */
  readonly tells: DeployedResource;
  readonly mapping: DeployedResource;
}

export function deployedFeeds({ resources }: Pick<Deployment, 'resources'>): DeployedFeed[] {
  return resources.flatMap((tells) => {
    const { pipeline, feed } = objectIn(environmentOf(tells).FEED ?? '') ?? {};
    const mapping = resources.find(
      ({ type, properties }) =>
        type === 'AWS::Lambda::EventSourceMapping' && properties.FunctionName === tells.physicalId,
    );
    if (tells.type !== 'AWS::Lambda::Function' || !pipeline || !feed || !mapping) return [];
    return { pipeline: String(pipeline), feed: String(feed), tells, mapping };
  });
}
