/**
 * Takes a deployment and finds the state machines of its pipelines. Called by `execute.ts` and by `status`.
 */
import type { DeployedResource, Deployment } from '../cloudformation/index.ts';

/**
 * The state machine of each deployed pipeline, by the pipeline's name. A pipeline's stack may hold others that the CDK's provider framework
 * made to wait for custom resources: those have no name of their own.
 */
export function deployedPipelines({ environment, resources }: Deployment): Map<string, DeployedResource> {
  const prefix = `${environment}/`;
  return new Map(
    resources
      .filter(({ type, properties }) => type === 'AWS::StepFunctions::StateMachine' && properties.StateMachineName)
      .map((machine) => [machine.stack.slice(prefix.length), machine] as const),
  );
}
