/**
 * A custom resource provider around a handler of ours: the folder of the handler comes in, a service token goes out.
 * The handler may run inside the services VPC, the framework's own functions run outside. Called by the constructs
 * with custom resources.
 */
import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { Network } from '../network/network.ts';
import { acknowledge } from './acknowledge.ts';
import { LoggedRole } from './logged-role.ts';
import { nodeFunction } from './node-function.ts';

export interface HandlerProviderProps {
  /** Folder in `lambda/`; its handler exports `onEvent`, and `isComplete` when asynchronous. */
  readonly folder: string;
  readonly description: string;
  /**
   * Network whose services VPC the handler is attached to.
   * @default none: the handler calls AWS only
   */
  readonly network?: Network;
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

/** The handler, its identity and the provider framework around it. */
export class HandlerProvider extends Construct {
  readonly serviceToken: string;
  /** Role of the handler, for grants. */
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: HandlerProviderProps) {
    super(scope, id);
    const { network, logRetentionDays } = props;
    const identity = new LoggedRole(this, 'Handler', { logRetentionDays, inVpc: network !== undefined });
    this.role = identity.role;
    const build = (handler: 'onEvent' | 'isComplete') =>
      nodeFunction(this, handler === 'onEvent' ? 'OnEvent' : 'IsComplete', {
        folder: props.folder,
        handler,
        description: `${props.description} (${handler})`,
        identity,
        timeout: props.timeout ?? Duration.minutes(10),
        ...(network
          ? {
              network: {
                vpc: network.services,
                subnets: network.services.privateSubnets,
                securityGroups: [network.handlerSecurityGroup],
              },
            }
          : {}),
      });
    const onEventHandler = build('onEvent');
    const isCompleteHandler = props.totalTimeout && build('isComplete');

    const onEventFramework = new LoggedRole(this, 'Framework', { logRetentionDays });
    allowInvoke(onEventFramework.role, onEventHandler);
    // The framework would grant itself every version of the handler (`<arn>:*`); the statements here are enough.
    const frameworkOnEventRole = onEventFramework.role.withoutPolicyUpdates();
    if (isCompleteHandler && props.totalTimeout) {
      const waiterFramework = new LoggedRole(this, 'WaiterFramework', { logRetentionDays });
      allowInvoke(waiterFramework.role, isCompleteHandler);
      const provider = new Provider(this, 'Provider', {
        onEventHandler,
        isCompleteHandler,
        totalTimeout: props.totalTimeout,
        queryInterval: Duration.seconds(20),
        frameworkOnEventRole,
        frameworkCompleteAndTimeoutRole: waiterFramework.role.withoutPolicyUpdates(),
        logGroup: onEventFramework.logGroup,
        // What it would log, its functions log; logging would need rights on every log group.
        disableWaiterStateMachineLogging: true,
      });
      onEventFramework.logGroup.grantWrite(waiterFramework.role);
      this.narrowWaiter(provider, onEventFramework.role);
      this.serviceToken = provider.serviceToken;
    } else {
      const provider = new Provider(this, 'Provider', {
        onEventHandler,
        frameworkOnEventRole,
        logGroup: onEventFramework.logGroup,
      });
      this.serviceToken = provider.serviceToken;
    }
    acknowledge(
      this,
      {
        rule: 'Serverless-LambdaTracing',
        reason: 'It runs during deployments only, whose events CloudFormation lists.',
        until: 'never',
      },
      {
        rule: 'Serverless-LambdaDLQ',
        reason: 'CloudFormation waits for the answer and rolls back without one: no event is lost.',
        until: 'never',
      },
      {
        rule: 'Serverless-LambdaDefaultMemorySize',
        reason: "The CDK's framework functions only pass events on; 128 MB is enough.",
        until: "the CDK lets the framework's memory be set.",
      },
    );
  }

  /** Replaces the waiter's policy, which has every version of the framework's functions, by one with the functions. */
  private narrowWaiter(provider: Provider, onEventFramework: iam.Role): void {
    const waiter = provider.node.findChild('waiter-state-machine') as Construct & { stateMachineArn: string };
    const role = waiter.node.findChild('Role') as iam.Role;
    role.node.tryRemoveChild('DefaultPolicy');
    const functions = ['framework-isComplete', 'framework-onTimeout'].map(
      (name) => (provider.node.findChild(name).node.defaultChild as CfnFunction).attrArn,
    );
    const policy = new iam.Policy(this, 'WaiterPolicy', {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: functions })],
    });
    waiter.node.findChild('Resource').node.addDependency(policy);
    onEventFramework.addToPolicy(
      new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [waiter.stateMachineArn] }),
    );
    acknowledge(
      waiter,
      {
        rule: 'AwsSolutions-SF1',
        reason: "Its steps are calls of the framework's functions, which log each.",
        until: 'never',
      },
      {
        rule: 'AwsSolutions-SF2',
        reason: 'It runs during deployments only, whose events CloudFormation lists.',
        until: 'never',
      },
      {
        rule: 'Serverless-StepFunctionStateMachineXray',
        reason: 'It runs during deployments only, whose events CloudFormation lists.',
        until: 'never',
      },
    );
  }
}

function allowInvoke(role: iam.Role, handler: LambdaFunction): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['lambda:InvokeFunction', 'lambda:GetFunction'],
      resources: [handler.functionArn],
    }),
  );
}
