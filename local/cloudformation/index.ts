/** What the rest of the local run may use of the local deployment. */
export { localAccount, localRegion, stacksOf, typesOf } from './assembly.ts';
export type { Condition } from './condition-expression.ts';
export { deploy } from './deploy.ts';
export { deployedFeeds } from './feeds.ts';
export { type InvokeOptions, invokeFunction, LambdaError } from './invoke.ts';
export type { Changes, DeployedResource, Deployment, DeployOptions, Endpoints } from './model.ts';
export { explain } from './providers/index.ts';
export { deployedSources } from './sources.ts';
export { knownStacks, readDeployment } from './state.ts';
export { BucketStore, bucketPath, ParameterStore } from './stores.ts';
export { synthesize } from './synthesize.ts';
export { TableStore } from './table-store.ts';
