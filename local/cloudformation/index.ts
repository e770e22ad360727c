/**
 * What the rest of `local/` may use of the local deployment: deploy, read what is deployed, invoke functions, reach the local stores.
 */
export { stacksOf } from './assembly.ts';
export { deploy } from './deploy.ts';
export { type Explanation, explain } from './explain.ts';
export { type InvokeOptions, invokeFunction, LambdaError } from './invoke.ts';
export type { Changes, DeployedResource, Deployment, DeployOptions, Endpoints } from './model.ts';
export { readDeployment } from './state.ts';
export {
  BucketStore,
  bucketPath,
  type Condition,
  ConditionalCheckFailedError,
  type Item,
  ParameterStore,
  TableError,
  TableStore,
} from './stores.ts';
export { synthesize } from './synthesize.ts';
