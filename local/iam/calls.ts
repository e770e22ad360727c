/** What calls of AWS's services ask of IAM: their action, their resource, and what the request says of itself. */
import type { AccessRequest } from './policy.ts';

export type Asked = Omit<AccessRequest, 'principal'>;

type Tags = Readonly<Record<string, string>>;

/** The calls in the Region and account of an ARN. */
export function callsBeside(arn: string) {
  const [, , , region, account] = arn.split(':');
  const regional = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
  const application = (id: string) => regional('emr-serverless', `/applications/${id}`);
  const jobRun = (
    action: string,
    applicationId: string,
    id: string,
    context: AccessRequest['context'] = {},
  ): Asked => ({
    action: `emr-serverless:${action}`,
    resource: `${application(applicationId)}/jobruns/${id}`,
    context,
  });
  return {
    /** `key` is the value of the table's partition key. */
    item: (action: string, table: string, key: string): Asked => ({
      action: `dynamodb:${action}`,
      resource: regional('dynamodb', `table/${table}`),
      context: { 'dynamodb:LeadingKeys': [key] },
    }),
    getParameter: (name: string): Asked => ({
      action: 'ssm:GetParameter',
      resource: regional('ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`),
    }),
    /** Behind the name of a secret Secrets Manager puts six characters of its own. */
    getSecret: (name: string): Asked => ({
      action: 'secretsmanager:GetSecretValue',
      resource: regional('secretsmanager', `secret:${name}-LocaL1`),
    }),
    invoke: (functionArn: string): Asked => ({ action: 'lambda:InvokeFunction', resource: functionArn }),
    describeExecution: (execution: string): Asked => ({ action: 'states:DescribeExecution', resource: execution }),
    listObjects: (bucket: string, prefix: string | undefined): Asked => ({
      action: 's3:ListBucket',
      resource: `arn:aws:s3:::${bucket}`,
      ...(prefix !== undefined && { context: { 's3:prefix': prefix } }),
    }),
    listJobRuns: (applicationId: string): Asked => ({
      action: 'emr-serverless:ListJobRuns',
      resource: application(applicationId),
    }),
    /** Whoever starts a job run hands a role over and tags what it starts; the run has no id yet. */
    startJobRun: (applicationId: string, roleArn: string, tags: Tags): Asked[] => {
      const context = tagged('Request', tags);
      return [
        { action: 'emr-serverless:StartJobRun', resource: application(applicationId), context },
        {
          action: 'iam:PassRole',
          resource: roleArn,
          context: { 'iam:PassedToService': sparkService },
        },
        ...(Object.keys(tags).length > 0 ? [jobRun('TagResource', applicationId, 'new', context)] : []),
      ];
    },
    jobRun: (action: string, applicationId: string, id: string, tags: Tags): Asked =>
      jobRun(action, applicationId, id, tagged('Resource', tags)),
    /** What EMR Serverless asks on behalf of an application. */
    assumeJobRole: (applicationId: string, roleArn: string): Asked => assume(roleArn, application(applicationId)),
  };
}

export const sparkService = 'emr-serverless.amazonaws.com';

/** What a service asks that wants to be a role on behalf of something. */
export function assume(roleArn: string, source?: string): Asked {
  const account = source?.split(':')[4];
  const context = source && account ? { context: { 'aws:SourceArn': source, 'aws:SourceAccount': account } } : {};
  return { action: 'sts:AssumeRole', resource: roleArn, ...context };
}

const tagged = (which: 'Request' | 'Resource', tags: Tags): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:${which}Tag/${key}`, value]));
