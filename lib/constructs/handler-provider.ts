/**
 * A custom resource provider around a handler of ours: the folder of the handler comes in, a service token goes out.
 * The handler runs inside the services VPC, the framework's own functions outside. Called by topics and schemas.
 */
import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogLevel } from 'aws-cdk-lib/aws-stepfunctions';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { LoggedRole } from './logged-role.ts';
import type { Network } from './network.ts';
import { nodeFunction } from './node-function.ts';

export interface HandlerProviderProps {
  /** Folder in `lambda/`; its handler exports `onEvent`, and `isComplete` when asynchronous. */
  readonly folder: string;
  readonly description: string;
  readonly network: Network;
  readonly logRetentionDays: number;
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
  readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: HandlerProviderProps) {
    super(scope, id);
    const { network, logRetentionDays } = props;
    const identity = new LoggedRole(this, 'Handler', { logRetentionDays, inVpc: true });
    this.grantPrincipal = identity.role;
    const build = (handler: string) =>
      nodeFunction(this, handler === 'onEvent' ? 'OnEvent' : 'IsComplete', {
        folder: props.folder,
        handler,
        description: `${props.description} (${handler})`,
        identity,
        timeout: Duration.minutes(10),
        network: { vpc: network.services, securityGroups: [network.handlerSecurityGroup] },
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
        waiterStateMachineLogOptions: { level: LogLevel.OFF, includeExecutionData: false },
      });
      onEventFramework.logGroup.grantWrite(waiterFramework.role);
      const waiter = provider.node.findChild('waiter-state-machine') as Construct & { stateMachineArn: string };
      onEventFramework.role.addToPolicy(
        new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [waiter.stateMachineArn] }),
      );
      this.serviceToken = provider.serviceToken;
      return;
    }
    const provider = new Provider(this, 'Provider', {
      onEventHandler,
      frameworkOnEventRole,
      logGroup: onEventFramework.logGroup,
    });
    this.serviceToken = provider.serviceToken;
  }
}

function allowInvoke(role: iam.Role, handler: IFunction): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['lambda:InvokeFunction', 'lambda:GetFunction'],
      resources: [handler.functionArn],
    }),
  );
}
