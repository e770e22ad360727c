/**
 * Who may do what, as a policy simulator decides it from the synthesized roles, against tables that people wrote; and the
 * rules that every policy keeps. Then the same after a mistake.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import clients from '../clients/pipelines/clients/pipeline.ts';
import readings from '../readings/pipelines/readings/pipeline.ts';
import { type AssetKeys, readAssetKeys } from './support/assets.ts';
import { concrete } from './support/concrete.ts';
import { expectedIn, expectedLines, expectedOfPipeline, tableFileOf } from './support/expected.ts';
import { at, listAt, put } from './support/json.ts';
import { idleGrants, tableOf } from './support/permissions.ts';
import { type Principal, principalsOf } from './support/principals.ts';
import { type Assembly, environmentNames, type Find, mutant, type Stack, stacksOf } from './support/stacks.ts';
import {
  requiredActionFindings,
  resourcePolicyFindings,
  statementFindings,
  wildcardFindings,
  wildcardsOf,
} from './support/statement-rules.ts';
import { type Thing, universeOf } from './support/universe.ts';

const pipelines = await loadPipelines();
const assets = new Map<string, AssetKeys>();

interface World {
  readonly stacks: readonly Stack[];
  readonly environment: string;
  readonly assembly: Assembly;
  readonly pipelines: readonly Pipeline[];
}

/** What is deployed in an environment. */
const deployed = (environment: string): World => ({
  stacks: stacksOf(environment),
  environment,
  assembly: 'app',
  pipelines,
});

/** The invented pipeline with a mistake in it. */
const planted = (change: (find: Find) => void = () => {}): World => ({
  stacks: mutant(stacksOf('dev', 'readings'), change),
  environment: 'dev',
  assembly: 'readings',
  pipelines: [readings],
});

const principalsIn = ({ stacks }: World): Principal[] => principalsOf(concrete(stacks));

/** All that can be touched, by the names that the table of a stack has for it. */
function universeIn({ stacks, environment, assembly, pipelines: declared }: World, own = ''): Thing[] {
  const names = assets.get(`${assembly}/${environment}`) ?? readAssetKeys(environment, assembly);
  assets.set(`${assembly}/${environment}`, names);
  return universeOf(concrete(stacks), declared, names, own);
}

/** The roles of a pipeline, or of the platform, with all that they may do, each as one block, in the order of their names. */
async function computedTable(world: World, pipeline?: string): Promise<string[]> {
  const names = world.pipelines.map(({ name }) => name);
  const universe = universeIn(world, pipeline);
  const chosen = principalsIn(world).filter(({ resource }) => {
    const stack = resource.stack.split('/')[1] ?? '';
    return pipeline ? stack === pipeline : !names.includes(stack);
  });
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

/** Pipelines with the table that somebody wrote; those without one fail once, in the first test. */
const written = pipelines.flatMap((pipeline) => {
  const table = expectedOfPipeline(pipeline);
  return table ? [[pipeline.name, blocks(table)] as const] : [];
});

it('every pipeline has a table of what its roles may do', () => {
  const missing = pipelines.filter((pipeline) => !expectedOfPipeline(pipeline));
  const remedies = missing.map((pipeline) => {
    const roles = principalsIn(deployed('dev')).filter(({ resource }) => resource.stack.endsWith(`/${pipeline.name}`));
    return (
      `${tableFileOf(pipeline)} does not exist. Write there by hand what each of these may do, from what the declaration ` +
      `says: ${roles.map(({ name }) => name).join(', ')}. The form is explained in test/aws/tables/platform.txt; another ` +
      'pipeline has an example. No command writes it, since it says what you mean, not what was made of it.'
    );
  });
  expect(remedies.join('\n')).toBe('');
});

it.each(environmentNames)(
  'the roles of a pipeline with a connector may do what its table says in %s',
  async (environment) => {
    const stacks = stacksOf(environment, 'connected');
    const world: World = { stacks, environment, assembly: 'connected', pipelines: [clients] };
    expect(await computedTable(world, clients.name)).toEqual(blocks(expectedOfPipeline(clients) ?? []));
    const universe = universeIn(world);
    expect((await Promise.all(principalsIn(world).map((one) => idleGrants(one, universe)))).flat()).toEqual([]);
  },
);

it.each(environmentNames)('the roles in %s may do the same where the brokers are MSK Express', async (environment) => {
  const stacks = stacksOf(environment, 'express');
  const world: World = { stacks, environment, assembly: 'express', pipelines: [clients] };
  expect(await computedTable(world, clients.name)).toEqual(blocks(expectedOfPipeline(clients) ?? []));
  expect(await computedTable(world)).toEqual(blocks(expectedIn(environment, 'platform')));
  const universe = universeIn(world);
  expect((await Promise.all(principalsIn(world).map((one) => idleGrants(one, universe)))).flat()).toEqual([]);
});

describe.each(environmentNames)('in %s', (environment) => {
  it.each(written)('the roles of pipeline %s may do what its table says, and nothing else', async (pipeline, table) => {
    expect(await computedTable(deployed(environment), pipeline)).toEqual(table);
  });

  it('the roles that all pipelines share may do what their table says, and nothing else', async () => {
    expect(await computedTable(deployed(environment))).toEqual(blocks(expectedIn(environment, 'platform')));
  });

  it('every grant is on something that exists', async () => {
    const world = deployed(environment);
    const universe = universeIn(world);
    expect((await Promise.all(principalsIn(world).map((one) => idleGrants(one, universe)))).flat()).toEqual([]);
  });

  it('no policy is managed, inverted, or has a wildcard or unknown action', async () => {
    expect(await statementFindings(principalsIn(deployed(environment)))).toEqual([]);
  });

  it('nobody lacks what MSK wants besides an action on Kafka', () => {
    const principals = principalsIn(deployed(environment));
    expect(requiredActionFindings(principals)).toEqual([]);
    expect(JSON.stringify(principals)).toContain('kafka-cluster:ReadData');
  });

  it('no resource lets everybody in', () => {
    expect(resourcePolicyFindings(concrete(stacksOf(environment)))).toEqual([]);
  });
});

it('every wildcard in a resource has a reason, and every reason a wildcard', () => {
  const explained = wildcardsOf(expectedLines('wildcards.txt'), [...pipelines, readings, clients]);
  // The invented pipelines have every kind of role, so that no reason depends on which pipelines there are.
  const connected: World = {
    stacks: stacksOf('dev', 'connected'),
    environment: 'dev',
    assembly: 'connected',
    pipelines: [clients],
  };
  const worlds = [...environmentNames.map(deployed), planted(), connected];
  expect(wildcardFindings(worlds.flatMap(principalsIn), explained)).toEqual([]);
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
  `arn:aws:s3:::${concrete(stacksOf('dev', 'readings')).find(({ type, short }) => type === 'AWS::S3::Bucket' && short.startsWith('Data'))?.name}`;

const clusterArn = (kind: string, rest: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:kafka:\${AWS::Region}:\${AWS::AccountId}:${kind}/${rest}`,
});

describe('the table shows', () => {
  const changes: readonly [string, string, (find: Find) => void][] = [
    [
      'a topic that the job does not declare',
      'kafka-cluster: DescribeTopic, WriteData | topic plant.readings, topic plant.readings.averages',
      (find) => {
        const own = statementOf(find, 'Jobsend', 'kafka-cluster:WriteData"');
        const other = statementOf(find, 'Jobshow', 'kafka-cluster:ReadData');
        put(own, 'Resource', [at(own, 'Resource'), at(other, 'Resource')]);
      },
    ],
    [
      'every topic',
      'ReadData | another topic',
      (find) => {
        put(statementOf(find, 'Jobshow', 'ReadData'), 'Resource', clusterArn('topic', 'millrace-dev/*/*'));
      },
    ],
    [
      'another cluster',
      'another cluster',
      (find) => {
        put(statementOf(find, 'Jobshow', 'Connect'), 'Resource', clusterArn('cluster', '*'));
      },
    ],
    [
      'every consumer group',
      'another group',
      (find) => {
        put(statementOf(find, 'Jobshow', 'AlterGroup'), 'Resource', clusterArn('group', 'millrace-dev/*/*'));
      },
    ],
    [
      "another pipeline's checkpoints",
      'checkpoints/another/job/',
      (find) => {
        put(statementOf(find, 'Jobaverage', 'PutObject'), 'Resource', `${dataBucket()}/checkpoints/*`);
      },
    ],
    [
      'another bucket',
      'an object of another bucket',
      (find) => {
        put(statementOf(find, 'Jobaverage', 'PutObject'), 'Resource', 'arn:aws:s3:::*/*');
      },
    ],
    [
      'a listing of the whole bucket',
      'the data bucket',
      (find) => {
        put(statementOf(find, 'Jobshow', 'ListBucket'), 'Condition', undefined);
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
      'role Jobshow to ec2',
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
        put(statementOf(find, 'Jobshow', 'ReadData'), 'Action', ['kafka-cluster:ReadData', 'kafka-cluster:AlterTopic']);
      },
    ],
    [
      'an action that went missing',
      'kafka-cluster: DescribeTopic | topic plant.readings\n',
      (find) => {
        put(statementOf(find, 'Jobsend', 'kafka-cluster:WriteData"'), 'Action', 'kafka-cluster:DescribeTopic');
      },
    ],
    [
      'a topic too many for applications outside',
      'ReadData | topic plant.readings, topic plant.readings.averages',
      (find) => {
        const reader = find('AWS::IAM::ManagedPolicy', (_resource, id) => id.includes('AveragesReader')).resource;
        for (const statement of listAt(reader, 'Properties.PolicyDocument.Statement')) {
          if (!JSON.stringify(statement).includes('ReadData')) continue;
          const writer = find('AWS::IAM::ManagedPolicy', (_resource, id) => id.includes('ReadingsWriter')).resource;
          const other = listAt(writer, 'Properties.PolicyDocument.Statement').find((one) =>
            JSON.stringify(one).includes('kafka-cluster:WriteData"'),
          );
          put(statement, 'Resource', [at(statement, 'Resource'), at(other, 'Resource')]);
        }
      },
    ],
    [
      'another service that may assume the role',
      'Jobshow <- lambda',
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobshow'));
        put(resource, 'Properties.AssumeRolePolicyDocument.Statement.0.Principal.Service', 'lambda.amazonaws.com');
      },
    ],
  ];

  let before: string[] = [];
  beforeAll(async () => {
    before = await computedTable(planted(), 'readings');
  });

  it.each(changes)('%s', async (_, shown, change) => {
    const after = await computedTable(planted(change), 'readings');
    expect(before.join('\n')).not.toContain(shown);
    expect(after.join('\n')).toContain(shown);
  });
});

describe('a finding names the place', () => {
  const explained = wildcardsOf(expectedLines('wildcards.txt'), [readings]);

  async function findings(change: (find: Find) => void): Promise<string> {
    const world = planted(change);
    const principals = principalsIn(world);
    return [
      ...(await statementFindings(principals)),
      ...requiredActionFindings(principals),
      ...wildcardFindings(principals, explained),
      ...resourcePolicyFindings(concrete(world.stacks)),
      ...(await idleGrants(principals.find(({ name }) => name === 'Jobsend') as Principal, universeIn(world))),
    ].join('\n');
  }

  const changes: readonly [string, RegExp, (find: Find) => void][] = [
    [
      'of a misspelt action',
      /dev\/readings JobsendRoleDefaultPolicy\w+ PolicyDocument\.Statement\.\d+: action kafka-cluster:WriteDat does not/,
      (find) => {
        put(statementOf(find, 'Jobsend', 'kafka-cluster:WriteData"'), 'Action', 'kafka-cluster:WriteDat');
      },
    ],
    [
      'of a reader that may not change its group',
      /ReadData on arn:[^ ]+ takes AlterGroup too/,
      (find) => {
        put(statementOf(find, 'Jobaverage', 'kafka-cluster:AlterGroup'), 'Action', 'kafka-cluster:DescribeGroup');
      },
    ],
    [
      'of a writer that may not describe its topic',
      /WriteData on arn:[^ ]+ takes DescribeTopic too/,
      (find) => {
        put(statementOf(find, 'Jobsend', 'kafka-cluster:WriteData"'), 'Action', 'kafka-cluster:WriteData');
      },
    ],
    [
      'of a wildcard action',
      /dev\/readings JobshowRoleDefaultPolicy\w+ .*: action s3:\* is a wildcard/,
      (find) => {
        put(statementOf(find, 'Jobshow', 'PutObject'), 'Action', 's3:*');
      },
    ],
    [
      'of a wildcard resource',
      /dev\/readings WorkflowCleanUpRoleDefaultPolicy\w+ .*: dynamodb:table\/\* of WorkflowCleanUp is a wildcard without/,
      (find) => {
        put(statementOf(find, 'WorkflowCleanUp', 'DeleteItem'), 'Resource', 'arn:aws:dynamodb:*:*:table/*');
      },
    ],
    [
      'of PassRole on everything',
      /dev\/readings WorkflowRoleDefaultPolicy\w+ .*: iam:PassRole \* of Workflow is a wildcard without a reason/,
      (find) => {
        put(statementOf(find, 'Workflow', 'PassRole'), 'Resource', '*');
      },
    ],
    [
      'of a managed policy',
      /dev\/readings JobshowRole\w+: the managed policy arn:aws:iam::aws:policy\/AdministratorAccess is attached/,
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobshow'));
        put(resource, 'Properties.ManagedPolicyArns', ['arn:aws:iam::aws:policy/AdministratorAccess']);
      },
    ],
    [
      'of a policy for others that is attached',
      /dev\/readings ExternalAveragesReaderPolicy\w+: Roles must be absent/,
      (find) => {
        const { resource } = find('AWS::IAM::ManagedPolicy', (_resource, id) => id.includes('AveragesReader'));
        put(resource, 'Properties.Roles', ['admin']);
      },
    ],
    [
      'of an inverted statement',
      /dev\/readings JobshowRoleDefaultPolicy\w+ .*: NotResource/,
      (find) => {
        put(statementOf(find, 'Jobshow', 'PutObject'), 'NotResource', 'arn:aws:s3:::x/*');
      },
    ],
    [
      'of a role that another account may assume',
      /dev\/readings JobshowRole\w+: AssumeRolePolicyDocument must name one service/,
      (find) => {
        const { resource } = find('AWS::IAM::Role', (_resource, id) => id.startsWith('Jobshow'));
        put(resource, 'Properties.AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' });
      },
    ],
    [
      'of a grant on what does not exist',
      /dev\/readings JobsendRoleDefaultPolicy\w+ .*: kafka-cluster:WriteData on .*plant\.typo grants nothing/,
      (find) => {
        put(
          statementOf(find, 'Jobsend', 'kafka-cluster:WriteData"'),
          'Resource',
          clusterArn('topic', 'millrace-dev/11111111-2222-3333-4444-555555555555-1/plant.typo'),
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
    const { stacks } = planted((find) => {
      put(statementOf(find, 'Workflow', 'PassRole'), 'Resource', { 'Fn::GetAtt': ['Nobody', 'Arn'] });
    });
    expect(() => concrete(stacks)).toThrow(/dev\/readings WorkflowRoleDefaultPolicy\w+ refers to Nobody/);
  });

  it('of a reason that explains nothing', () => {
    const line = 'Job<job> | iam:role/<pipeline>-* | none';
    const more = [...explained, ...wildcardsOf([line], [readings])];
    expect(wildcardFindings(principalsIn(planted()), more)).toContain(`wildcards.txt: "${line}" explains nothing`);
  });
});
