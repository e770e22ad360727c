/** What each role was granted beside what it asked for on this machine, and what was denied. */
import type { AccessFile, AccessRole } from './access.ts';
import { Account } from './decide.ts';
import type { DecisionRecord } from './decision-log.ts';
import { readPolicy } from './policy.ts';

/** One action of one statement on one of its resources. */
export interface Grant {
  readonly policy: string;
  readonly statement: string;
  readonly action: string;
  readonly resource: string;
}

/** @see Grant */
export interface UnusedGrant extends Grant {
  /** Why nothing on this machine can ask for it; absent: nothing has so far. */
  readonly onlyOnAws?: string;
}

export interface RoleUsage {
  readonly role: string;
  readonly stack: string;
  readonly job?: string | undefined;
  readonly granted: readonly Grant[];
  readonly exercised: readonly Grant[];
  readonly unused: readonly UnusedGrant[];
}

export type Denial = Pick<DecisionRecord, 'at' | 'role' | 'action' | 'resource' | 'count'> & {
  readonly reason: string;
};

export interface Usage {
  /** What would be denied still, the newest last. */
  readonly denied: readonly Denial[];
  readonly roles: readonly RoleUsage[];
  /** Exercised grants among all. */
  readonly ratio: number;
}

/** Services that nothing on this machine stands for, by the prefix of their actions, with who asks them on AWS. */
const awsOnly: Readonly<Record<string, string>> = {
  cloudwatch: 'metrics are sent on AWS only',
  ec2: "Lambda makes the network interfaces of functions in a VPC; the addresses of AWS's services are asked there",
  ecr: 'images are pulled on AWS only',
  events: 'Step Functions makes a rule of its own to learn of the end of a job',
  glue: 'tables are looked up in the Glue catalog on AWS only',
  kms: 'keys are used on AWS only',
  logs: 'logs are written to CloudWatch on AWS only',
  secretsmanager: 'who starts a container reads its secrets on AWS only',
  sns: 'messages to people are sent on AWS only',
  sqs: 'events that could not be delivered are kept on AWS only',
  xray: 'traces are sent on AWS only',
};

const withReading = 'MSK wants it beside ReadData; Spark assigns partitions itself and asks for no group';

/** Actions that nothing on this machine asks for, though something stands for their service. */
const awsOnlyActions: Readonly<Record<string, string>> = {
  'dynamodb:ListStreams': 'Lambda asks which streams there are before it reads one',
  'kafka-cluster:AlterGroup': withReading,
  'kafka-cluster:DescribeGroup': withReading,
  'lambda:GetFunction': 'the CDK asks whether a function that it calls is ready yet',
  's3:AbortMultipartUpload': 'S3A gives up an upload of many megabytes when its task fails',
};

/** @param include which roles it is about */
export function usageOf(
  access: AccessFile,
  records: readonly DecisionRecord[],
  include: (role: AccessRole) => boolean,
): Usage {
  const chosen = access.roles.filter(include);
  const roles = chosen.map((role) => usageOfRole(role, records));
  const count = (which: 'granted' | 'exercised') => roles.reduce((sum, role) => sum + role[which].length, 0);
  return { denied: deniedOf(access, chosen, records), roles, ratio: count('exercised') / (count('granted') || 1) };
}

function usageOfRole(role: AccessRole, records: readonly DecisionRecord[]): RoleUsage {
  const granted = role.policies.flatMap(({ name, document }) =>
    readPolicy(name, document, 'identity').flatMap(({ policy, name: statement, effect, actions, resources }) =>
      effect === 'Deny'
        ? []
        : actions.flatMap(({ text: action }) =>
            resources.map(({ text: resource }) => ({ policy, statement, action, resource })),
          ),
    ),
  );
  const keyOf = ({ policy, statement, action, resource }: Grant) => [policy, statement, action, resource].join('\n');
  const allowed = records.filter((record) => record.allowed && record.role === role.name);
  const used = new Set(allowed.flatMap(({ statements }) => statements.map(keyOf)));
  const isTaken = records.some(({ statements }) => statements.some(({ policy }) => policy === `trust of ${role.name}`));
  const exercised = granted.filter((grant) => used.has(keyOf(grant)));
  const unused = granted.filter((grant) => !exercised.includes(grant));
  return {
    role: role.name,
    stack: role.stack,
    job: role.job,
    granted,
    exercised,
    unused: unused.map((grant) => {
      const reason = whyOnlyOnAws(grant.action, isTaken || exercised.length > 0);
      return reason === undefined ? grant : { ...grant, onlyOnAws: reason };
    }),
  };
}

function whyOnlyOnAws(action: string, isTaken: boolean): string | undefined {
  const reason = awsOnlyActions[action] ?? awsOnly[action.split(':')[0] ?? ''];
  return reason ?? (isTaken ? undefined : 'nothing on this machine has taken this role');
}

/** What some roles were denied, and would be denied still, the newest last. */
export function deniedOf(
  access: AccessFile,
  roles: readonly AccessRole[],
  records: readonly DecisionRecord[],
): Denial[] {
  const account = new Account(access);
  const byKind = new Map<string, Denial>();
  for (const { at, role, action, resource, allowed, context, count } of records) {
    const principal = roles.find(({ name }) => name === role)?.arn;
    if (allowed || principal === undefined) continue;
    const now = account.decide({ principal, action, resource, ...(context && { context }) });
    if (now.allowed) continue;
    const key = [role, action, resource].join('\n');
    const before = byKind.get(key)?.count ?? 0;
    byKind.delete(key);
    byKind.set(key, { at, role, action, resource, reason: now.reason, count: before + count });
  }
  return [...byKind.values()];
}
