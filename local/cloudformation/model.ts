/** What is deployed, and what a deployment is asked for. */
import type { Home } from '../home.ts';

/** Properties as a template has them after resolving: plain JSON. */
export type Properties = Record<string, unknown>;

export interface DeployedResource {
  /** Path of its stack in the app: `dev/readings`. */
  stack: string;
  logicalId: string;
  /** CloudFormation type. */
  type: string;
  /** What `Ref` gives. */
  physicalId: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  attributes: Record<string, unknown>;
  /** Resolved; parts that exist only on AWS stand in it as markers (`markers.ts`). */
  properties: Properties;
}

export interface Deployment {
  environment: string;
  /** When a deployment last ran to its end, ISO 8601. */
  deployedAt: string;
  resources: DeployedResource[];
  /** By stack path, then by output name. */
  outputs: Record<string, Record<string, string>>;
}

/** The services of this machine that stand for the cluster and the registry. */
export interface Endpoints {
  /** Where clients sign in, as on AWS. */
  readonly bootstrapServers: string;
  readonly registryUrl: string;
  /**
   * Names the data of the services. Another one than before: the data was started anew, and what was deployed into
   * the old one is gone.
   * @default the data is taken to be the same as before
   */
  readonly dataId?: string;
}

/** How many resources a deployment touched. */
export type Changes = Record<'created' | 'updated' | 'deleted' | 'unchanged', number>;

export interface DeployOptions {
  readonly home: Home;
  /** The folder of the cloud assembly (`cdk.out`). */
  readonly assembly: string;
  /** Display name of the stage: `dev`. */
  readonly environment: string;
  readonly endpoints: Endpoints;
  /** What is deployed of them and is not named stays, and is brought up to date too. @default all pipelines */
  readonly pipelines?: readonly string[] | undefined;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What a stack knows of itself while it is deployed or removed. */
export interface StackIdentity {
  /** Path in the app, and how people see it: `dev/readings`. */
  readonly path: string;
  /** Its name in CloudFormation: `dev-readings`. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
}

/** The id that CloudFormation would have given the stack; the same every time, because nothing here is random. */
export function stackId(stack: StackIdentity): string {
  return `arn:aws:cloudformation:${stack.region}:${stack.account}:stack/${stack.name}/local`;
}
