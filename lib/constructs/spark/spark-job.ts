/**
 * One job of a pipeline: its declaration comes in; a role that may do what the declaration says and no more, and what
 * the state machine needs to start it, go out. Called by the pipeline stack.
 */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { JobDeclaration, Pipeline } from '../../declaration/model.ts';
import { checkpointPrefix, groupPrefix, inputPrefix, outputPrefix, schemasOf } from '../../declaration/plan.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import type { KafkaCluster } from '../kafka/kafka-cluster.ts';
import { JobAssets } from './job-assets.ts';
import type { SparkApplication } from './spark-application.ts';
import { sparkSubmitParameters } from './spark-submit.ts';

export interface SparkJobProps {
  readonly pipeline: Pipeline;
  /** Name of the job in the declaration. */
  readonly job: string;
  readonly assets: JobAssets;
  readonly application: SparkApplication;
  readonly cluster: KafkaCluster;
  readonly bucket: IBucket;
  /** Where the driver and the executors log. */
  readonly logGroup: LogGroup;
}

/** A job's role and the form in which it is started. */
export class SparkJob extends Construct {
  readonly role: iam.Role;
  readonly entryPoint: string;
  readonly submitParameters: string;
  readonly declaration: JobDeclaration;
  readonly jobName: string;

  constructor(scope: Construct, id: string, props: SparkJobProps) {
    super(scope, id);
    const declaration = props.pipeline.jobs[props.job];
    if (!declaration) throw new Error(`Pipeline ${props.pipeline.name} declares no job ${props.job}.`);
    this.declaration = declaration;
    this.jobName = props.job;
    const script = props.assets.entryPoint(declaration.entryPoint);
    this.entryPoint = script.s3ObjectUrl;
    this.submitParameters = sparkSubmitParameters(
      declaration.size,
      props.assets.packages.s3ObjectUrl,
      props.assets.jars.map((jar) => jar.s3ObjectUrl),
    );
    this.role = new iam.Role(this, 'Role', {
      description: `Job ${props.job} of pipeline ${props.pipeline.name}`,
      assumedBy: new iam.ServicePrincipal('emr-serverless.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnLike: { 'aws:SourceArn': props.application.applicationArn },
        },
      }),
    });
    this.grantPlatform(props, declaration);
    this.grantTopics(props, declaration);
    this.grantObjects(props, declaration);
  }

  /** What every job needs whatever it declares: its own script, packages, jars and schemas, and its own logs. */
  private grantPlatform(props: SparkJobProps, declaration: JobDeclaration): void {
    const { assets, logGroup, pipeline } = props;
    const schemas = schemasOf(pipeline, declaration).flatMap(({ key }) => assets.schemas[key] ?? []);
    const own = [assets.entryPoint(declaration.entryPoint), assets.packages, ...assets.jars, ...new Set(schemas)];
    JobAssets.grantRead(this.role, own);
    logGroup.grant(this.role, 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents');
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'FindLogGroup',
        actions: ['logs:DescribeLogGroups'],
        resources: ['*'],
      }),
    );
    acknowledge(this.role, {
      rule: 'AwsSolutions-IAM5',
      findings: ['Resource::*'],
      reason: 'EMR Serverless looks for the log group by listing groups, and DescribeLogGroups knows no resources.',
      until: 'EMR Serverless takes the group as given.',
    });
  }

  private grantTopics(props: SparkJobProps, declaration: JobDeclaration): void {
    const { pipeline, cluster } = props;
    const topics = (roles: readonly string[] = []): string[] =>
      roles.flatMap((role) => pipeline.topics[role]?.name ?? []);
    const written = topics(declaration.writes.topics);
    const read = topics(declaration.reads.topics);
    if (written.length > 0) cluster.grantProduce(this.role, written);
    if (read.length > 0) cluster.grantConsume(this.role, read, groupPrefix(pipeline.name, props.job));
  }

  private grantObjects(props: SparkJobProps, declaration: JobDeclaration): void {
    const { pipeline, bucket } = props;
    const files = (declaration.reads.files ?? []).flatMap((role) => props.assets.files[role] ?? []);
    const readable: string[] = [];
    const writable = (declaration.writes.folders ?? []).map((folder) => outputPrefix(pipeline.name, folder));
    if (files.length > 0) {
      JobAssets.grantRead(this.role, files);
      readable.push(inputPrefix(pipeline.name));
    }
    if (declaration.mode === 'streaming') writable.push(checkpointPrefix(pipeline.name, props.job));
    const objects = (prefixes: readonly string[]): string[] =>
      prefixes.map((prefix) => bucket.arnForObjects(`${prefix}/*`));
    const grant = (actions: string[], resourceArns: string[]): void => {
      if (resourceArns.length > 0) iam.Grant.addToPrincipal({ grantee: this.role, actions, resourceArns });
    };
    grant(['s3:GetObject'], objects(readable));
    // Spark writes to a temporary folder, lists, copies and deletes: a writer of a prefix does all of it there.
    grant(['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'], objects(writable));
    const listed = [...readable, ...writable];
    if (listed.length > 0) {
      acknowledge(this.role, {
        rule: 'AwsSolutions-IAM5',
        findings: listed.map((prefix) => `/${prefix}/*`),
        reason: 'Objects below the prefixes that the declaration names; Spark chooses their names.',
        until: 'never',
      });
      this.role.addToPolicy(
        new iam.PolicyStatement({
          actions: ['s3:ListBucket'],
          resources: [bucket.bucketArn],
          conditions: { StringLike: { 's3:prefix': listed.flatMap((prefix) => [prefix, `${prefix}/*`]) } },
        }),
      );
    }
  }
}
