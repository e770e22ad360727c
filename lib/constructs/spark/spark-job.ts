/** One job of a pipeline: a role that may do what the declaration says and no more, and how EMR Serverless starts it. */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type JobSize, type ProcessSize, workerMemory } from '../../declaration/job.ts';
import { checkpointPrefix } from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { JobStart } from '../../declaration/plan.ts';
import type { Contracts } from '../contracts/contracts.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import type { AssetsFolder } from '../storage/assets-folder.ts';
import type { DataBucket } from '../storage/data-bucket.ts';
import type { JobAssets } from './job-assets.ts';
import type { SparkApplication } from './spark-application.ts';

export interface SparkJobProps {
  readonly pipeline: Pipeline;
  readonly job: string;
  readonly contracts: Contracts;
  readonly assets: AssetsFolder;
  readonly code: JobAssets;
  readonly application: SparkApplication;
  readonly bucket: DataBucket;
  readonly logGroup: LogGroup;
}

export class SparkJob extends Construct implements Omit<JobStart, 'roleArn'> {
  readonly jobName: string;
  readonly role: iam.Role;
  readonly entryPoint: string;
  readonly submitParameters: string;

  constructor(scope: Construct, id: string, props: SparkJobProps) {
    super(scope, id);
    const { pipeline, job, code, application, bucket } = props;
    const declared = pipeline.jobs[job];
    if (!declared) throw new Error(`Pipeline ${pipeline.name} declares no job ${job}.`);
    this.jobName = job;
    this.entryPoint = code.entryPoint(declared.entryPoint).s3ObjectUrl;
    const jars = [...code.jars, ...props.contracts.jarsOf(job).flatMap((folder) => code.jarsIn(folder))];
    this.submitParameters = submitParametersOf(declared.size, code, jars, Stack.of(this).region);
    this.role = new iam.Role(this, 'Role', {
      description: `Job ${job} of pipeline ${pipeline.name}`,
      assumedBy: new iam.ServicePrincipal('emr-serverless.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnLike: { 'aws:SourceArn': application.applicationArn },
        },
      }),
    });
    props.assets.grantRead(this.role);
    props.logGroup.grant(this.role, 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents');
    this.role.addToPolicy(
      new iam.PolicyStatement({ sid: 'FindLogGroup', actions: ['logs:DescribeLogGroups'], resources: ['*'] }),
    );
    const reason =
      'EMR Serverless looks for the log group by listing groups, and DescribeLogGroups knows no resources.';
    acknowledge(this.role, { 'AwsSolutions-IAM5[Resource::*]': reason });
    props.contracts.grant(this.role, job);
    if (declared.kind === 'stream') bucket.grantFolder(this.role, checkpointPrefix(pipeline.name, job), 'write');
  }
}

/**
 * Limits of Avro's decoder: a record whose length prefix claims gigabytes would make it allocate them. No text of a record here comes near a mebibyte. Bytes
 * are mostly decimals, and to count the digits of one of a mebibyte takes ten seconds, of 64 KiB a tenth of one.
 */
const AVRO_LIMITS = Object.entries({
  'string.maxLength': 1_048_576,
  'bytes.maxLength': 65_536,
  'collectionItems.maxLength': 1_048_576,
})
  .map(([limit, most]) => `-Dorg.apache.avro.limits.${limit}=${most}`)
  .join(' ');

/** The parameters of `spark-submit`; the local run gets the same line and maps the sizes to the machine. */
function submitParametersOf(
  size: JobSize,
  { packages, environment }: JobAssets,
  jars: readonly Asset[],
  region: string,
): string {
  const python = './environment/bin/python';
  // The worker's memory that is no heap, as it is paid for: a tenth of a small heap does not hold the rest of the JVM and Python.
  const beside = (process: ProcessSize): string => `${workerMemory(process) - process.memory}g`;
  const settings = {
    'spark.driver.cores': size.driver.cores,
    'spark.driver.memory': `${size.driver.memory}g`,
    'spark.driver.memoryOverhead': beside(size.driver),
    'spark.executor.cores': size.executor.cores,
    'spark.executor.memory': `${size.executor.memory}g`,
    'spark.executor.memoryOverhead': beside(size.executor),
    'spark.executor.instances': size.executors,
    // Spark's defaults would let one job take the whole account quota of 16 vCPU.
    'spark.dynamicAllocation.enabled': false,
    'spark.dynamicAllocation.maxExecutors': size.executors,
    'spark.driver.extraJavaOptions': AVRO_LIMITS,
    'spark.executor.extraJavaOptions': AVRO_LIMITS,
    // Workers of all jobs share a security group. EMR Serverless has it on; no release shall switch it off unseen.
    'spark.authenticate': true,
    // Without it S3A asks us-east-2 where a bucket is, which a VPC with nothing but a gateway endpoint cannot reach.
    'spark.hadoop.fs.s3a.endpoint.region': region,
    // S3A would look at every folder up to the bucket's root before it makes one, and the role may not look above its own.
    'spark.hadoop.fs.s3a.performance.flags': 'mkdir',
    ...(environment && {
      'spark.archives': `${environment.s3ObjectUrl}#environment`,
      'spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON': python,
      'spark.emr-serverless.driverEnv.PYSPARK_PYTHON': python,
      'spark.executorEnv.PYSPARK_PYTHON': python,
    }),
  };
  const quoted = (value: unknown): string => (String(value).includes(' ') ? `"${value}"` : String(value));
  return [
    `--py-files ${packages.s3ObjectUrl}`,
    `--jars ${jars.map((jar) => jar.s3ObjectUrl).join(',')}`,
    ...Object.entries(settings).map(([name, value]) => `--conf ${name}=${quoted(value)}`),
  ].join(' ');
}
