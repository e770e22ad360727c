/**
 * Takes a resource's type and says what stands for it on this machine: a provider, an entry of the closed list of what stays on AWS, or an error.
 * Called for every resource of every template before anything is deployed, and by `explain`.
 */
import { MillraceError } from '../../../tools/errors.ts';
import type { AssemblyStack } from '../assembly.ts';
import type { Properties } from '../model.ts';
import { type AwsOnly, awsOnly } from './aws-only.ts';
import {
  autoDeleteObjects,
  awsCall,
  isAwsCall,
  restrictDefaultSecurityGroup,
  stoppedApplication,
} from './cdk-custom-resources.ts';
import { customResource } from './custom-resource.ts';
import { lambdaFunction, permission } from './lambda.ts';
import { label, type Provider } from './provider.ts';
import { eventRule, kafkaCluster, registryService, sparkApplication, stateMachine } from './records.ts';
import { bucket, parameter, table } from './storage.ts';

const providers: Readonly<Record<string, Provider>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::ECS::Service': registryService,
  'AWS::EMRServerless::Application': sparkApplication,
  'AWS::Events::Rule': eventRule,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::MSK::ServerlessCluster': kafkaCluster,
  'AWS::S3::Bucket': bucket,
  'AWS::SSM::Parameter': parameter,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'Custom::AWS': awsCall,
  'Custom::EmptiedBucket': autoDeleteObjects,
  'Custom::S3AutoDeleteObjects': autoDeleteObjects,
  'Custom::StoppedApplication': stoppedApplication,
  'Custom::VpcRestrictDefaultSG': restrictDefaultSecurityGroup,
};

/** What a type is on this machine. */
export type Standing = { readonly provider: Provider } | { readonly awsOnly: AwsOnly };

/** What stands for a type; `undefined` when nobody has decided. */
export function standingOf(type: string): Standing | undefined {
  const provider = providers[type] ?? (isCustomResource(type) ? customResource : undefined);
  if (provider) return { provider };
  const listed = awsOnly[type];
  return listed && { awsOnly: listed };
}

/**
 * The provider of a resource that is known to have one. An `AwsCustomResource` may be given a type of its own: it is recognized by the calls
 * that it carries.
 */
export function providerOf(type: string, properties: Properties): Provider {
  if (isCustomResource(type) && isAwsCall(properties)) return awsCall;
  const standing = standingOf(type);
  if (!standing || !('provider' in standing))
    throw new MillraceError('DEPLOY_UNKNOWN_TYPE', `Nothing on this machine stands for ${type}.`);
  return standing.provider;
}

function isCustomResource(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/** Refuses stacks with a resource of which nobody has decided what it is on this machine. */
export function requireKnownTypes(stacks: readonly AssemblyStack[]): void {
  const unknown = stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, resource]) => !standingOf(resource.Type))
      .map(([logicalId, resource]) => label(stack, logicalId, resource.Type)),
  );
  if (unknown.length > 0) {
    throw new MillraceError(
      'DEPLOY_UNKNOWN_TYPE',
      `Nothing on this machine stands for ${unknown.length === 1 ? 'this resource' : 'these resources'}, and no reason is given why it stays on AWS: ${unknown.join('; ')}. Give the type a provider in local/cloudformation/providers, or a reason in aws-only.ts.`,
    );
  }
}
