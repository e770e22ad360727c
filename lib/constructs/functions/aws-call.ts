/** Asks AWS something that no resource tells, once per deployment; the local run puts the same question to what stands for the service. */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  type AwsSdkCall,
  PhysicalResourceId,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { LoggedRole } from './logged-role.ts';

export interface AwsCallProps extends Pick<AwsSdkCall, 'service' | 'action' | 'parameters'> {
  readonly field: string;
  /** The IAM action of the call, which knows no resources. */
  readonly permission: string;
  readonly logRetentionDays: number;
}

/** Id that the CDK gives to the function that all such calls of a stack share. */
const SHARED_FUNCTION = 'AWS679f53fac002430cb0da5b7982bd2287';

/** One call. A stack makes one only: further ones would run with the role of the first. */
export class AwsCall extends Construct {
  readonly answer: string;

  constructor(scope: Construct, id: string, props: AwsCallProps) {
    super(scope, id);
    const { service, action, parameters, field, permission, logRetentionDays } = props;
    const stack = Stack.of(this);
    if (stack.node.tryFindChild(SHARED_FUNCTION)) {
      throw new Error(`Stack ${stack.node.path} asks AWS twice: give the second call a stack or a handler of its own.`);
    }
    const { role, logGroup } = new LoggedRole(this, 'Function', { logRetentionDays });
    const call = new AwsCustomResource(this, 'Resource', {
      onUpdate: { service, action, parameters, physicalResourceId: PhysicalResourceId.of(id), outputPaths: [field] },
      installLatestAwsSdk: false,
      role,
      logGroup,
      policy: AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: [permission], resources: ['*'] }),
      ]),
    });
    this.answer = call.getResponseField(field);
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]': 'The call knows no resources, and CloudFormation does not give its answer.',
    });
    acknowledge(stack.node.findChild(SHARED_FUNCTION), {
      'Serverless-LambdaDLQ': 'CloudFormation waits for the answer and rolls back without one: no event is lost.',
      'Serverless-LambdaTracing': 'It runs during deployments only.',
      'Serverless-LambdaDefaultMemorySize': "The CDK's function makes one call; its memory is the CDK's choice.",
    });
  }
}
