/** The Spark application, the data bucket, the lock and the platform's parameter. Called by the environment's stage. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { ObjectsEndpoint } from '../constructs/network/objects-endpoint.ts';
import { consoleLinks } from '../constructs/observability/console-links.ts';
import { SparkApplication } from '../constructs/spark/spark-application.ts';
import { DataBucket } from '../constructs/storage/data-bucket.ts';
import type { NetworkStack } from './network-stack.ts';
import { removalPolicyOf } from './removal-policy.ts';
import type { StreamingStack } from './streaming-stack.ts';

export interface ProcessingStackProps extends StackProps {
  readonly environment: Environment;
  readonly networkStack: NetworkStack;
  readonly streamingStack: StreamingStack;
}

export class ProcessingStack extends Stack {
  readonly application: SparkApplication;
  readonly bucket: s3.Bucket;
  readonly lockTable: dynamodb.Table;
  readonly platformParameter: StringParameter;

  constructor(scope: Construct, id: string, props: ProcessingStackProps) {
    super(scope, id, props);
    const { environment, networkStack, streamingStack } = props;
    const { network } = networkStack;
    const { spark, logDays } = environment;
    this.bucket = new DataBucket(this, 'Data', {
      accessLogs: networkStack.accessLogs.bucket,
      removalPolicy: removalPolicyOf(environment),
    });
    const objects = new ObjectsEndpoint(this, 'Objects', { network, bucket: this.bucket, logRetentionDays: logDays });
    this.application = new SparkApplication(this, 'Spark', {
      applicationName: `millrace-${environment.name}`,
      maximumCores: spark.maximumCores,
      idleMinutes: spark.idleMinutes,
      ...(spark.warm ? { warm: spark.warm } : {}),
      subnets: network.analytics.isolatedSubnets,
      securityGroups: [network.sparkSecurityGroup],
      logRetentionDays: logDays,
    });
    // A worker that starts before its way to S3 exists fails without a log.
    this.application.node.addDependency(objects);
    this.lockTable = new dynamodb.Table(this, 'Locks', {
      partitionKey: { name: 'pipeline', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // A lock is worth nothing once no execution can hold it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.platformParameter = new StringParameter(this, 'Platform', {
      parameterName: `/millrace/${environment.name}/platform`,
      description: 'Where the brokers, the registry and the data bucket are',
      stringValue: this.toJsonString({
        bootstrapServers: streamingStack.cluster.bootstrapServers,
        kafkaSecurity: streamingStack.cluster.security,
        registryUrl: streamingStack.registry.url,
        bucket: this.bucket.bucketName,
      }),
    });
    const links = consoleLinks(this);
    new CfnOutput(this, 'ApplicationConsole', {
      description: 'Job runs and their logs and Spark UIs',
      value: links.sparkApplications(),
    });
    new CfnOutput(this, 'DataBucket', {
      description: 'Where results are left, and input is put',
      value: this.bucket.bucketName,
    });
    new CfnOutput(this, 'DataConsole', {
      description: 'Results: results/<pipeline>/<execution>/',
      value: links.bucket(this.bucket.bucketName),
    });
    // Exported whether a pipeline uses them or not, so that this stack is the same with and without any of them.
    for (const value of [
      this.application.applicationId,
      this.application.applicationArn,
      this.bucket.bucketName,
      this.bucket.bucketArn,
      this.lockTable.tableName,
      this.lockTable.tableArn,
      this.platformParameter.parameterName,
    ]) {
      this.exportValue(value);
    }
  }
}
