/** The Spark application, the data bucket, the lock and the platform's parameter. Called by the environment's stage. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import type { KafkaCluster } from '../constructs/kafka-cluster.ts';
import type { Network } from '../constructs/network.ts';
import type { SchemaRegistry } from '../constructs/schema-registry.ts';
import { SparkApplication } from '../constructs/spark-application.ts';

export interface ProcessingStackProps extends StackProps {
  readonly environment: Environment;
  readonly network: Network;
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
}

export class ProcessingStack extends Stack {
  readonly application: SparkApplication;
  readonly bucket: s3.Bucket;
  readonly lockTable: dynamodb.Table;
  readonly platformParameter: StringParameter;

  constructor(scope: Construct, id: string, props: ProcessingStackProps) {
    super(scope, id, props);
    const { environment, network, cluster, registry } = props;
    const removalPolicy = environment.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.application = new SparkApplication(this, 'Spark', {
      applicationName: `millrace-${environment.name}`,
      maximumCores: environment.spark.maximumCores,
      idleMinutes: environment.spark.idleMinutes,
      vpc: network.analytics,
      subnets: network.analytics.isolatedSubnets,
      securityGroups: [network.sparkSecurityGroup],
    });
    this.bucket = new s3.Bucket(this, 'Data', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy,
      autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
    });
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
        bootstrapServers: cluster.bootstrapServers,
        kafkaSecurity: cluster.security,
        registryUrl: registry.url,
        bucket: this.bucket.bucketName,
      }),
    });
    // Exported whether a pipeline uses them or not, so that this stack is the same with and without any of them.
    for (const value of [
      this.application.applicationId,
      this.application.applicationArn,
      this.bucket.bucketName,
      this.bucket.bucketArn,
      this.lockTable.tableName,
      this.lockTable.tableArn,
    ]) {
      this.exportValue(value);
    }
  }
}
