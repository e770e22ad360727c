/** Stops an EMR Serverless application before CloudFormation changes or deletes it, which is refused while it is started. */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import type { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import * as iam from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';

export interface StoppedApplicationProps {
  readonly application: CfnApplication;
  /** What the application is made of; a change of any of it stops the application first. */
  readonly settings: object;
  readonly logRetentionDays: number;
}

/**
 * Two custom resources, since CloudFormation works along dependencies: the application depends on the first, which is
 * therefore updated before it; the second depends on the application, and is therefore deleted before it.
 *
 * The first cannot name the application that depends on it. It finds the id in a parameter, and the handler's rights
 * are a policy of their own that comes after the application: at Create neither is needed.
 */
export class StoppedApplication extends Construct {
  constructor(scope: Construct, id: string, props: StoppedApplicationProps) {
    super(scope, id);
    const { application } = props;
    const stack = Stack.of(this);
    const provider = new HandlerProvider(this, 'Handler', {
      folder: 'stop-application',
      description: `Stops the Spark application of ${stack.stackName} before it is changed or deleted`,
      logRetentionDays: props.logRetentionDays,
      timeout: Duration.minutes(14),
    });
    const parameterName = `/millrace/applications/${application.name}`;
    const resourceName = parameterName.replace(/^\//, '');
    const parameterArn = stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName });
    allow(provider.role, ['ssm:GetParameter'], [parameterArn]);
    const beforeUpdate = new CustomResource(this, 'BeforeUpdate', {
      resourceType: 'Custom::StoppedApplication',
      serviceToken: provider.serviceToken,
      properties: {
        Phase: 'update',
        ApplicationParameter: parameterName,
        // Subnets and groups are known at deployment only: CloudFormation compares the values, not this text.
        Settings: stack.toJsonString(props.settings),
      },
    });
    beforeUpdate.node.addDependency(provider);
    application.node.addDependency(beforeUpdate);

    const parameter = new StringParameter(this, 'Id', {
      parameterName,
      description: 'Id of the Spark application, for the handler that stops it before a change',
      stringValue: application.attrApplicationId,
    });
    const rights = new iam.Policy(this, 'Rights', { roles: [provider.role] });
    const actions = ['emr-serverless:GetApplication', 'emr-serverless:ListJobRuns', 'emr-serverless:StopApplication'];
    allow(rights, actions, [application.attrArn]);
    allow(rights, ['emr-serverless:CancelJobRun'], [`${application.attrArn}/jobruns/*`]);
    const reason = 'Job runs of one application, whose ids are not known before they are started.';
    acknowledge(rights, { 'AwsSolutions-IAM5[/jobruns/*]': reason });
    const beforeDelete = new CustomResource(this, 'BeforeDelete', {
      resourceType: 'Custom::StoppedApplication',
      serviceToken: provider.serviceToken,
      properties: { Phase: 'delete', ApplicationId: application.attrApplicationId },
    });
    // Deleted first, while the handler may still do its work.
    beforeDelete.node.addDependency(provider, rights, parameter);
  }
}
