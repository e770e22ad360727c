/** What is asked of AWS for a report, by the person's own credentials, and what went wrong in words. */
import type { GetLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { MillraceError, messageOf } from '../../tools/errors.mjs';

/** What the SDK tells of a failed call beside its message. */
interface Failure {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Where something is asked for: its permission, and what it is asked of. */
interface Asked {
  readonly action: string;
  readonly of: string;
}

const credentials = [
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
];
const missing = ['ExecutionDoesNotExist', 'NoSuchBucket', 'NoSuchKey', 'ResourceNotFoundException'];

/** CloudWatch Logs, S3 and Step Functions in one Region. The clients are loaded only where AWS is asked. */
export async function awsServices(region: string) {
  const [logs, s3, sfn] = await Promise.all([
    import('@aws-sdk/client-cloudwatch-logs'),
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-sfn'),
  ]);
  const clients = {
    logs: new logs.CloudWatchLogsClient({ region }),
    s3: new s3.S3Client({ region }),
    sfn: new sfn.SFNClient({ region }),
  };

  async function ask<T>(asked: Asked, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw inWords(error, asked, region);
    }
  }

  async function logEvents(logGroup: string, stream: string, more: Partial<GetLogEventsCommandInput>) {
    const input = { logGroupName: logGroup, logStreamName: stream, ...more };
    return clients.logs.send(new logs.GetLogEventsCommand(input));
  }

  return {
    /** The messages of a group that hold a text, in no certain order. */
    find: (logGroup: string, text: string, from = 0): Promise<string[]> =>
      ask({ action: 'logs:FilterLogEvents', of: `log group ${logGroup}` }, async () => {
        const input = { logGroupName: logGroup, filterPattern: `"${text}"`, startTime: from };
        const messages: string[] = [];
        for await (const { events = [] } of logs.paginateFilterLogEvents({ client: clients.logs }, input))
          messages.push(...events.flatMap(({ message }) => message ?? []));
        return messages;
      }),

    /** The streams of a group whose names begin with a text, the oldest first. */
    streams: (logGroup: string, prefix: string): Promise<string[]> =>
      ask({ action: 'logs:DescribeLogStreams', of: `log group ${logGroup}` }, async () => {
        const input = { logGroupName: logGroup, logStreamNamePrefix: prefix };
        const streams = [];
        for await (const page of logs.paginateDescribeLogStreams({ client: clients.logs }, input))
          streams.push(...(page.logStreams ?? []));
        streams.sort((one, other) => (one.creationTime ?? 0) - (other.creationTime ?? 0));
        return streams.flatMap(({ logStreamName }) => logStreamName ?? []);
      }),

    /** All lines of a stream. */
    lines: (logGroup: string, stream: string): Promise<string[]> =>
      ask({ action: 'logs:GetLogEvents', of: `log group ${logGroup}` }, async () => {
        const lines: string[] = [];
        let nextToken: string | undefined;
        for (;;) {
          const page = await logEvents(logGroup, stream, { startFromHead: true, ...(nextToken && { nextToken }) });
          lines.push(...(page.events ?? []).flatMap(({ message }) => message ?? []));
          // The end of a stream is where the token stays the same.
          if (!page.nextForwardToken || page.nextForwardToken === nextToken) return lines;
          nextToken = page.nextForwardToken;
        }
      }),

    /** The last lines of a stream, a mebibyte at most. */
    lastLines: (logGroup: string, stream: string): Promise<string[]> =>
      ask({ action: 'logs:GetLogEvents', of: `log group ${logGroup}` }, async () => {
        const { events = [] } = await logEvents(logGroup, stream, {});
        return events.flatMap(({ message }) => message ?? []);
      }),

    /** The definition that an execution runs. */
    definition: (arn: string): Promise<string> =>
      ask({ action: 'states:DescribeStateMachineForExecution', of: `execution ${arn}` }, async () => {
        const { definition = '' } = await clients.sfn.send(
          new sfn.DescribeStateMachineForExecutionCommand({ executionArn: arn }),
        );
        return definition;
      }),

    /** The keys below a prefix of a bucket of this account. */
    keys: (bucket: string, prefix: string, account: string): Promise<string[]> =>
      ask({ action: 's3:ListBucket', of: `bucket ${bucket}` }, async () => {
        const input = { Bucket: bucket, Prefix: prefix, ExpectedBucketOwner: account };
        const keys: string[] = [];
        for await (const { Contents = [] } of s3.paginateListObjectsV2({ client: clients.s3 }, input))
          keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
        return keys;
      }),

    object: (bucket: string, key: string, account: string): Promise<Uint8Array> =>
      ask({ action: 's3:GetObject', of: `s3://${bucket}/${key}` }, async () => {
        const input = { Bucket: bucket, Key: key, ExpectedBucketOwner: account };
        const { Body } = await clients.s3.send(new s3.GetObjectCommand(input));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),

    close(): void {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

export type AwsServices = Awaited<ReturnType<typeof awsServices>>;

/** What a failed call means for the person. */
export function inWords(thrown: unknown, { action, of }: Asked, region: string): MillraceError {
  const { name = '', $metadata, $response } = thrown as Failure;
  const cause = { cause: thrown };
  const said = messageOf(thrown).replace(/\.?$/, '.');
  if (credentials.includes(name)) {
    const why = `AWS takes no credentials for ${action}: ${said}`;
    return new MillraceError('AWS_CREDENTIALS', `${why} Sign in, or let AWS_PROFILE name a profile that works.`, cause);
  }
  const other = $response?.headers?.['x-amz-bucket-region'];
  if (name === 'PermanentRedirect' || $metadata?.httpStatusCode === 301 || (other && other !== region)) {
    const where = other ? `in Region ${other}` : 'in another Region';
    return new MillraceError('AWS_OTHER_REGION', `The ${of} is ${where}, not in ${region}. Say so by --region.`, cause);
  }
  if (/^AccessDenied/.test(name) || $metadata?.httpStatusCode === 403) {
    const foreign = action.startsWith('s3:') ? ', or the bucket is of another account' : '';
    return new MillraceError(
      'AWS_DENIED',
      `You may not do ${action} on ${of} in ${region}${foreign}. The runbook lists what a report needs (docs/runbook.md).`,
      cause,
    );
  }
  if (missing.includes(name)) {
    const message = `There is no ${of} in Region ${region}. Look at --from, --region, --env and --pipeline, and whether it is deployed there.`;
    return new MillraceError('AWS_NOT_FOUND', message, cause);
  }
  const message = `${action} on ${of} in Region ${region} failed: ${name}: ${said} Look at --region and the network, then try again.`;
  return new MillraceError('AWS_FAILED', message, cause);
}
