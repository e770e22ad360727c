/** The state machine of each deployed pipeline, by the pipeline's name. */
import type { DeployedResource, Deployment } from '../cloudformation/index.ts';

/** State machines without a name of their own are the CDK's: they wait for custom resources. */
export function deployedPipelines({ environment, resources }: Deployment): Map<string, DeployedResource> {
  const prefix = `${environment}/`;
  return new Map(
    resources
      .filter(({ type, properties }) => type === 'AWS::StepFunctions::StateMachine' && properties.StateMachineName)
      .map((machine) => [machine.stack.slice(prefix.length), machine] as const),
  );
}
