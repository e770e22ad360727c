/**
 * Asks AWS something that no resource tells, once per deployment: the call and what it may need come in, one field of
 * the answer goes out. Called by constructs; the local run puts the same question to what stands for the service.
 */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { LoggedRole } from './logged-role.ts';

export interface AwsCallProps {
  readonly service: string;
  readonly action: string;
  readonly parameters: Record<string, unknown>;
  /** Field of the answer. */
  readonly field: string;
  /** What the call needs to be allowed. */
  readonly allow: { readonly action: string; readonly resource: string };
  readonly logRetentionDays: number;
}

/** Id that the CDK gives to the function that all such calls of a stack share. */
const SHARED_FUNCTION = 'AWS679f53fac002430cb0da5b7982bd2287';

/** One call. A stack makes one only: further ones would run with the role of the first. */
export class AwsCall extends Construct {
  readonly answer: string;

  constructor(scope: Construct, id: string, props: AwsCallProps) {
    super(scope, id);
    const stack = Stack.of(this);
    if (stack.node.tryFindChild(SHARED_FUNCTION)) {
      throw new Error(`Stack ${stack.node.path} asks AWS twice: give the second call a stack or a handler of its own.`);
    }
    const identity = new LoggedRole(this, 'Function', { logRetentionDays: props.logRetentionDays });
    const call = new AwsCustomResource(this, 'Resource', {
      onUpdate: {
        service: props.service,
        action: props.action,
        parameters: props.parameters,
        physicalResourceId: PhysicalResourceId.of(id),
        outputPaths: [props.field],
      },
      installLatestAwsSdk: false,
      role: identity.role,
      logGroup: identity.logGroup,
      policy: AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: [props.allow.action], resources: [props.allow.resource] }),
      ]),
    });
    this.answer = call.getResponseField(props.field);
    const waits = 'CloudFormation waits for the answer and rolls back without one: no event is lost.';
    acknowledge(
      stack.node.findChild(SHARED_FUNCTION),
      { rule: 'Serverless-LambdaDLQ', reason: waits, until: 'never' },
      { rule: 'Serverless-LambdaTracing', reason: 'It runs during deployments only.', until: 'never' },
      {
        rule: 'Serverless-LambdaDefaultMemorySize',
        reason: "The CDK's function makes one call; its memory is the CDK's choice.",
        until: 'the call fails for lack of memory.',
      },
    );
  }
}
