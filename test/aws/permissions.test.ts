/**
 * Who may do what, as a policy simulator decides it from the synthesized roles, against tables that people wrote; and the
 * rules that every policy keeps. Then the same after a mistake.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { readAssetNames } from './support/assets.ts';
import { concrete } from './support/concrete.ts';
import { expectedIn, expectedLines } from './support/expected.ts';
import { at, listAt, put } from './support/json.ts';
import { idleGrants, tableOf } from './support/permissions.ts';
import { type Principal, principalsOf } from './support/principals.ts';
import { environmentNames, type Find, mutant, type Stack, stacksOf } from './support/stacks.ts';
import { resourcePolicyFindings, statementFindings, wildcardFindings, wildcardsOf } from './support/statement-rules.ts';
import { type AssetNames, type Thing, universeOf } from './support/universe.ts';

const pipelines = await loadPipelines();
const assets = new Map<string, AssetNames>();

function worldOf(stacks: readonly Stack[], environment: string): { principals: Principal[]; universe: Thing[] } {
  const resources = concrete(stacks);
  const names = assets.get(environment) ?? readAssetNames(environment);
  assets.set(environment, names);
  return { principals: principalsOf(resources), universe: universeOf(resources, pipelines, names) };
}

/** The roles of some stacks with all that they may do, each role as one block, in the order of their names. */
async function computedTable(stacks: readonly Stack[], environment: string, inTable: (stack: string) => boolean) {
  const { principals, universe } = worldOf(stacks, environment);
  const chosen = principals.filter(({ role }) => inTable(role.stack.split('/')[1] ?? ''));
  return blocks((await Promise.all(chosen.map((principal) => tableOf(principal, universe)))).flat());
}

/** Lines to blocks: a role and what is indented below it. */
function blocks(lines: readonly string[]): string[] {
  const all: string[] = [];
  for (const line of lines) {
    if (line.startsWith(' ')) all[all.length - 1] += `\n${line}`;
    else all.push(line);
  }
  return all.sort();
}

const names = pipelines.map((pipeline) => pipeline.name);

describe.each(environmentNames)('in %s', (environment) => {
  it.each(names)('the roles of pipeline %s may do what its table says, and nothing else', async (pipeline) => {
    const table = await computedTable(stacksOf(environment), environment, (stack) => stack === pipeline);
    expect(table).toEqual(blocks(expectedIn(environment, pipeline)));
  });

  it('the roles that all pipelines share may do what their table says, and nothing else', async () => {
    const table = await computedTable(stacksOf(environment), environment, (stack) => !names.includes(stack));
    expect(table).toEqual(blocks(expectedIn(environment, 'platform')));
  });

  it('every grant is on something that exists', async () => {
    const { principals, universe } = worldOf(stacksOf(environment), environment);
    expect((await Promise.all(principals.map((one) => idleGrants(one, universe)))).flat()).toEqual([]);
  });

  it('no policy is managed, inverted, or has a wildcard or unknown action', async () => {
    expect(await statementFindings(worldOf(stacksOf(environment), environment).principals)).toEqual([]);
  });

  it('no resource lets everybody in', () => {
    expect(resourcePolicyFindings(concrete(stacksOf(environment)))).toEqual([]);
  });
});

it('every wildcard in a resource has a reason, and every reason a wildcard', () => {
  const explained = wildcardsOf(expectedLines('wildcards.txt'));
  const principals = environmentNames.flatMap((environment) => worldOf(stacksOf(environment), environment).principals);
  expect(wildcardFindings(principals, explained)).toEqual([]);
});

/** Statements of the policy of a role, open to mutation, by the actions that they hold. */
function statementOf(find: Find, role: string, action: string): unknown {
  const policy = find('AWS::IAM::Policy', (_resource, id) => id.startsWith(`${role}RoleDefaultPolicy`)).resource;
  const found = listAt(policy, 'Properties.PolicyDocument.Statement').find((statement) =>
    JSON.stringify(at(statement, 'Action')).includes(action),
  );
  if (!found) throw new Error(`${role} has no statement with ${action}.`);
  return found;
}

const dataBucket = (): string =>
  `arn:aws:s3:::${concrete(stacksOf('dev')).find(({ type, short }) => type === 'AWS::S3::Bucket' && short.startsWith('Data'))?.name}`;

const clusterArn = (kind: string, rest: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:kafka:\${AWS::Region}:\${AWS::AccountId}:${kind}/${rest}`,
});

describe('the table shows', () => {
  const changes: readonly [string, string, (find: Find) => void][] = [
    [
      'a topic that the job does not declare',
      'kafka-cluster: DescribeTopic, WriteData | topic pagila.sales.avro, topic pagila.sales.summary.avro',
      (find) => {
        const own = statementOf(find, 'Jobproduce', 'kafka-cluster:WriteData"');
        const other = statementOf(find, 'Jobread', 'kafka-cluster:ReadData');
        put(own, 'Resource', [at(own, 'Resource'), at(other, 'Resource')]);
      },
    ],
    [
      'every topic',
      'ReadData | another topic',
      (find) => {
        put(statementOf(find, 'Jobread', 'ReadData'), 'Resource', clusterArn('topic', 'millrace-dev/*/*'));
      },
    ],
    [
      'another cluster',
      'another cluster',
      (find) => {
        put(statementOf(find, 'Jobread', 'Connect'), 'Resource', clusterArn('cluster', '*'));
      },
    ],
    [
      'every consumer group',
      'another group',
      (find) => {
        put(statementOf(find, 'Jobread', 'AlterGroup'), 'Resource', clusterArn('group', 'millrace-dev/*/*'));
      },
    ],
    [
      "another pipeline's checkpoints",
      'checkpoints/another/job/',
      (find) => {
        put(statementOf(find, 'Jobenrich', 'PutObject'), 'Resource', `${dataBucket()}/checkpoints/*`);
      },
    ],
    [
      'another bucket',
      'an object of another bucket',
      (find) => {
        put(statementOf(find, 'Jobenrich', 'PutObject'), 'Resource', 'arn:aws:s3:::*/*');
      },
    ],
    [
      'a listing of the whole bucket',
      'the data bucket',
      (find) => {
        put(statementOf(find, 'Jobread', 'ListBucket'), 'Condition', undefined);
      },
    ],
    [
      'PassRole of every role',
      'role Admin to emr-serverless',
      (find) => {
        put(statementOf(find, 'Workflow', 'PassRole'), 'Resource', '*');
      },
    ],
    [
      'PassRole to every service',
      'role Jobread to ec2',
      (find) => {
        put(statementOf(find, 'Workflow', 'PassRole'), 'Condition', undefined);
      },
    ],
    [
      "another pipeline's lock",
      'row another of Locks',
      (find) => {
        put(statementOf(find, 'Workflow', 'dynamodb:'), 'Condition', undefined);
      },
    ],
    [
      'another application',
      'another application',
      (find) => {
        put(statementOf(find, 'WorkflowCleanUp', 'ListJobRuns'), 'Resource', '*');
      },
    ],
    [
      'an action too many',
      'kafka-cluster: AlterTopic, ReadData |',
      (find) => {
        put(statementOf(find, 'Jobread', 'ReadData'), 'Action', ['kafka-cluster:ReadData', 'kafka-cluster:AlterTopic']);
      },
    ],
    [
      'an action that went missing',
      'kafka-cluster: DescribeTopic | topic pagila.sales.avro\n',
      (find) => {
        put(statementOf(find, 'Jobproduce', 'kafka-cluster:WriteData"'), 'Action', 'kafka-cluster:DescribeTopic');
      },
    ],
    [
      'another service that may assume the role',
      'Jobread <- lambda',
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobread'));
        put(resource, 'Properties.AssumeRolePolicyDocument.Statement.0.Principal.Service', 'lambda.amazonaws.com');
      },
    ],
  ];

  it.each(changes)('%s', async (_, shown, change) => {
    const stacks = stacksOf('dev');
    const before = await computedTable(stacks, 'dev', (stack) => stack === 'sales');
    const after = await computedTable(mutant(stacks, change), 'dev', (stack) => stack === 'sales');
    expect(before.join('\n')).not.toContain(shown);
    expect(after.join('\n')).toContain(shown);
  });
});

describe('a finding names the place', () => {
  let explained: ReturnType<typeof wildcardsOf>;
  beforeAll(() => {
    explained = wildcardsOf(expectedLines('wildcards.txt'));
  });

  async function findings(change: (find: Find) => void): Promise<string> {
    const stacks = mutant(stacksOf('dev'), change);
    const { principals, universe } = worldOf(stacks, 'dev');
    return [
      ...(await statementFindings(principals)),
      ...wildcardFindings(principals, explained),
      ...resourcePolicyFindings(concrete(stacks)),
      ...(await idleGrants(principals.find(({ name }) => name === 'Jobproduce') as Principal, universe)),
    ].join('\n');
  }

  const changes: readonly [string, RegExp, (find: Find) => void][] = [
    [
      'of a misspelt action',
      /dev\/sales JobproduceRoleDefaultPolicy\w+ PolicyDocument\.Statement\.\d+: action kafka-cluster:WriteDat does not/,
      (find) => {
        put(statementOf(find, 'Jobproduce', 'kafka-cluster:WriteData"'), 'Action', 'kafka-cluster:WriteDat');
      },
    ],
    [
      'of a wildcard action',
      /dev\/sales JobreadRoleDefaultPolicy\w+ .*: action s3:\* is a wildcard/,
      (find) => {
        put(statementOf(find, 'Jobread', 'PutObject'), 'Action', 's3:*');
      },
    ],
    [
      'of a wildcard resource',
      /dev\/sales WorkflowCleanUpRoleDefaultPolicy\w+ .*: dynamodb:table\/\* of WorkflowCleanUp is a wildcard without/,
      (find) => {
        put(statementOf(find, 'WorkflowCleanUp', 'DeleteItem'), 'Resource', 'arn:aws:dynamodb:*:*:table/*');
      },
    ],
    [
      'of PassRole on everything',
      /dev\/sales WorkflowRoleDefaultPolicy\w+ .*: iam:PassRole \* of Workflow is a wildcard without a reason/,
      (find) => {
        put(statementOf(find, 'Workflow', 'PassRole'), 'Resource', '*');
      },
    ],
    [
      'of a managed policy',
      /dev\/sales JobreadRole\w+: the managed policy arn:aws:iam::aws:policy\/AdministratorAccess is attached/,
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobread'));
        put(resource, 'Properties.ManagedPolicyArns', ['arn:aws:iam::aws:policy/AdministratorAccess']);
      },
    ],
    [
      'of an inverted statement',
      /dev\/sales JobreadRoleDefaultPolicy\w+ .*: NotResource/,
      (find) => {
        put(statementOf(find, 'Jobread', 'PutObject'), 'NotResource', 'arn:aws:s3:::x/*');
      },
    ],
    [
      'of a role that another account may assume',
      /dev\/sales JobreadRole\w+: AssumeRolePolicyDocument must name one service/,
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobread'));
        put(resource, 'Properties.AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' });
      },
    ],
    [
      'of a grant on what does not exist',
      /dev\/sales JobproduceRoleDefaultPolicy\w+ .*: kafka-cluster:WriteData on .*pagila\.typo grants nothing/,
      (find) => {
        put(
          statementOf(find, 'Jobproduce', 'kafka-cluster:WriteData"'),
          'Resource',
          clusterArn('topic', 'millrace-dev/11111111-2222-3333-4444-555555555555-1/pagila.typo'),
        );
      },
    ],
    [
      'of a bucket that is open to everybody',
      /dev\/\w+ \w+Policy\w* PolicyDocument\.Statement\.0: Principal is everybody/,
      (find) => {
        put(find('AWS::S3::BucketPolicy').resource, 'Properties.PolicyDocument.Statement.0.Effect', 'Allow');
      },
    ],
    [
      'of an endpoint that lets everybody to everything',
      /dev\/network NetworkAnalyticsLogs\w+ PolicyDocument\.Statement\.0: Resource is everything/,
      (find) => {
        const { resource } = find(
          'AWS::EC2::VPCEndpoint',
          ({ Properties }) => Properties.VpcEndpointType === 'Interface',
        );
        put(resource, 'Properties.PolicyDocument.Statement.0.Condition', undefined);
      },
    ],
    [
      'of a function that everybody may invoke',
      /dev\/\w+ \w+: SourceArn is missing/,
      (find) => {
        put(find('AWS::Lambda::Permission').resource, 'Properties.SourceArn', undefined);
      },
    ],
  ];

  it.each(changes)('%s', async (_, message, change) => {
    expect(await findings(change)).toMatch(message);
  });

  it('of a reference to what does not exist', () => {
    const stacks = mutant(stacksOf('dev'), (find) => {
      put(statementOf(find, 'Workflow', 'PassRole'), 'Resource', { 'Fn::GetAtt': ['Nobody', 'Arn'] });
    });
    expect(() => concrete(stacks)).toThrow(/dev\/sales WorkflowRoleDefaultPolicy\w+ refers to Nobody/);
  });

  it('of a reason that explains nothing', () => {
    const { principals } = worldOf(stacksOf('dev'), 'dev');
    const more = [...explained, { role: 'Jobread', resource: 'iam:role/*', reason: 'none' }];
    expect(wildcardFindings(principals, more)).toContain('wildcards.txt: Jobread | iam:role/* explains nothing');
  });
});
