/**
 * How every Lambda of the project is built: the name of a folder in `lambda/` comes in, a function bundled into one
 * CommonJS file goes out. Called by the constructs that need a function.
 */
import { fileURLToPath } from 'node:url';
import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Construct } from 'constructs';
import type { LoggedRole } from './logged-role.ts';

export interface NodeFunctionProps {
  /** Folder in `lambda/` whose `handler.ts` is the entry. */
  readonly folder: string;
  /**
   * Exported function.
   * @default `handler`
   */
  readonly handler?: string;
  readonly description: string;
  readonly identity: LoggedRole;
  readonly timeout: Duration;
  /**
   * Environment variables.
   * @default none
   */
  readonly environment?: Record<string, string>;
  /**
   * VPC, subnets and group to attach the function to.
   * @default none: the function stays outside VPCs
   */
  readonly network?: { readonly vpc: ec2.IVpc; readonly securityGroups: ec2.ISecurityGroup[] };
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A function from `lambda/<folder>/handler.ts`. */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): NodejsFunction {
  return new NodejsFunction(scope, id, {
    entry: `${ROOT}lambda/${props.folder}/handler.ts`,
    projectRoot: ROOT,
    depsLockFilePath: `${ROOT}package-lock.json`,
    handler: props.handler ?? 'handler',
    description: props.description,
    // kafkajs computes negative timeouts on Node 24.
    runtime: Runtime.NODEJS_22_X,
    architecture: Architecture.ARM_64,
    memorySize: 256,
    timeout: props.timeout,
    role: props.identity.role,
    logGroup: props.identity.logGroup,
    environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
    ...(props.network ? { vpc: props.network.vpc, securityGroups: props.network.securityGroups } : {}),
    bundling: {
      format: OutputFormat.CJS,
      target: 'node22',
      minify: true,
      keepNames: true,
      sourceMap: false,
      // The MSK signer needs more of the SDK than Lambda is sure to ship; one version runs everywhere.
      bundleAwsSDK: true,
    },
  });
}
