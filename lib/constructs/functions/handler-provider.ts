/** A custom resource provider around a handler of ours, which may run inside a VPC; the framework's own functions run outside. */
import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { allow } from './allow.ts';
import { LoggedRole } from './logged-role.ts';
import { type NodeFunctionProps, nodeFunction } from './node-function.ts';

/** Its handler exports `onEvent`, and `isComplete` when asynchronous. */
export interface HandlerProviderProps
  extends Pick<NodeFunctionProps, 'folder' | 'description' | 'placement' | 'environment'> {
  readonly logRetentionDays: number;
  /**
   * How long one call of the handler may take.
   * @default 10 minutes
   */
  readonly timeout?: Duration;
  /**
   * How long an asynchronous handler may take in all.
   * @default the handler is synchronous
   */
  readonly totalTimeout?: Duration;
}

const DEPLOYMENT = 'It runs during deployments only, whose events CloudFormation lists.';

/** The handler, its identity and the provider framework around it. */
export class HandlerProvider extends Construct {
  readonly serviceToken: string;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: HandlerProviderProps) {
    super(scope, id);
    const { folder, placement, environment, logRetentionDays, timeout = Duration.minutes(10), totalTimeout } = props;
    const identity = new LoggedRole(this, 'Handler', { logRetentionDays, inVpc: placement !== undefined });
    this.role = identity.role;
    const build = (name: string, handler: string): LambdaFunction => {
      const description = `${props.description} (${handler})`;
      return nodeFunction(this, name, { folder, handler, description, identity, timeout, placement, environment });
    };
    const onEventHandler = build('OnEvent', 'onEvent');
    const isCompleteHandler = totalTimeout && build('IsComplete', 'isComplete');
    const framework = this.frameworkRole('Framework', onEventHandler, logRetentionDays);
    const waiting = isCompleteHandler && this.frameworkRole('WaiterFramework', isCompleteHandler, logRetentionDays);
    const provider = new Provider(this, 'Provider', {
      onEventHandler,
      frameworkOnEventRole: framework.role.withoutPolicyUpdates(),
      logGroup: framework.logGroup,
      ...(waiting && {
        isCompleteHandler,
        totalTimeout,
        queryInterval: Duration.seconds(20),
        frameworkCompleteAndTimeoutRole: waiting.role.withoutPolicyUpdates(),
        // What it would log, its functions log; logging would need rights on every log group.
        disableWaiterStateMachineLogging: true,
      }),
    });
    this.serviceToken = provider.serviceToken;
    if (waiting) {
      framework.logGroup.grantWrite(waiting.role);
      this.narrowWaiter(provider, framework.role);
    }
    acknowledge(this, {
      'Serverless-LambdaTracing': DEPLOYMENT,
      'Serverless-LambdaDLQ': 'CloudFormation waits for the answer and rolls back without one: no event is lost.',
      'Serverless-LambdaDefaultMemorySize': "The CDK's framework functions only pass events on; 128 MB is enough.",
    });
  }

  /** The framework would grant itself every version of the handler (`<arn>:*`); the statement here is enough. */
  private frameworkRole(id: string, handler: LambdaFunction, logRetentionDays: number): LoggedRole {
    const identity = new LoggedRole(this, id, { logRetentionDays });
    allow(identity.role, ['lambda:InvokeFunction', 'lambda:GetFunction'], [handler.functionArn]);
    return identity;
  }

  /** Replaces the waiter's policy, which has every version of the framework's functions, by one with the functions. */
  private narrowWaiter(provider: Provider, onEventFramework: iam.Role): void {
    const waiter = provider.node.findChild('waiter-state-machine') as Construct & { stateMachineArn: string };
    const role = waiter.node.findChild('Role') as iam.Role;
    role.node.tryRemoveChild('DefaultPolicy');
    const functions = ['framework-isComplete', 'framework-onTimeout'].map(
      (name) => (provider.node.findChild(name).node.defaultChild as CfnFunction).attrArn,
    );
    const policy = new iam.Policy(this, 'WaiterPolicy', { roles: [role] });
    allow(policy, ['lambda:InvokeFunction'], functions);
    waiter.node.findChild('Resource').node.addDependency(policy);
    allow(onEventFramework, ['states:StartExecution'], [waiter.stateMachineArn]);
    acknowledge(waiter, {
      'AwsSolutions-SF1': "Its steps are calls of the framework's functions, which log each.",
      'AwsSolutions-SF2': DEPLOYMENT,
      'Serverless-StepFunctionStateMachineXray': DEPLOYMENT,
    });
  }
}
