/** The Spark application, the data bucket, the lock and the platform's parameter. */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { ObjectsEndpoint } from '../constructs/network/endpoints.ts';
import { FailedRuns } from '../constructs/observability/alerts.ts';
import { SparkApplication } from '../constructs/spark/spark-application.ts';
import { AssetsFolder } from '../constructs/storage/assets-folder.ts';
import { Catalog } from '../constructs/storage/catalog.ts';
import { DataBucket } from '../constructs/storage/data-bucket.ts';
import { datasetDatabase, platformParameter } from '../declaration/names.ts';
import { consolePage, exportAll, removalPolicyOf, show } from './shared.ts';
import type { StreamingStack, StreamingStackProps } from './streaming-stack.ts';

export interface ProcessingStackProps extends StreamingStackProps {
  readonly streamingStack: StreamingStack;
}

export class ProcessingStack extends Stack {
  readonly application: SparkApplication;
  readonly bucket: DataBucket;
  /** Only where the environment keeps datasets. */
  readonly catalog: Catalog | undefined;
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
      key: networkStack.key,
    });
    if (environment.datasets) {
      this.catalog = new Catalog(this, 'Catalog', {
        databaseName: datasetDatabase(environment.name),
        removalPolicy: removalPolicyOf(environment),
      });
    }
    const objects = new ObjectsEndpoint(this, 'Objects', {
      network,
      bucket: this.bucket,
      assets: new AssetsFolder(this, environment.name),
      logRetentionDays: logDays,
    });
    this.application = new SparkApplication(this, 'Spark', {
      applicationName: `millrace-${environment.name}`,
      maximumCores: spark.maximumCores,
      idleMinutes: spark.idleMinutes,
      warm: spark.warm,
      subnets: network.analytics.isolatedSubnets,
      securityGroups: [network.sparkSecurityGroup],
      logRetentionDays: logDays,
    });
    // A worker that starts before its way to S3 exists fails without a log.
    this.application.node.addDependency(objects);
    new FailedRuns(this, 'FailedRuns', this.application, networkStack.alerts.topic);
    this.lockTable = new dynamodb.Table(this, 'Locks', {
      partitionKey: { name: 'pipeline', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      ...(networkStack.key && {
        encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: networkStack.key,
      }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // A lock is worth nothing once no execution can hold it.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.platformParameter = new StringParameter(this, 'Platform', {
      parameterName: platformParameter(environment.name),
      description: 'Where the brokers, the registry and the data bucket are',
      stringValue: this.toJsonString({
        bootstrapServers: streamingStack.cluster.bootstrapServers,
        registryUrl: streamingStack.registry.url,
        bucket: this.bucket.bucketName,
        ...(this.catalog && { database: this.catalog.databaseName }),
      }),
    });
    const { application, bucket, lockTable, region } = this;
    const results = `https://${region}.console.aws.amazon.com/s3/buckets/${bucket.bucketName}?region=${region}`;
    show(this, {
      ApplicationConsole: ['Job runs and their logs and Spark UIs', consolePage(this, 'emr', '/serverless')],
      DataBucket: ['Where results are left, and input is put', bucket.bucketName],
      DataConsole: ['Results: results/<pipeline>/<execution>/', results],
    });
    exportAll(this, application.applicationId, application.applicationArn, bucket.bucketName, bucket.bucketArn);
    exportAll(this, lockTable.tableName, lockTable.tableArn, this.platformParameter.parameterName);
  }
}
