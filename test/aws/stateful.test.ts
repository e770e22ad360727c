/**
 * Nothing stateful is replaced or destroyed between the committed reference and today's templates; and a changed tag or size
 * leaves it alone. Then the same after a mistake.
 */
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { put } from './support/json.ts';
import { isNew, readReference } from './support/reference.ts';
import { all, environmentNames, type Find, mutant, stacksOf } from './support/stacks.ts';
import { type Extract, extractOf, losses, unknownTo } from './support/stateful.ts';

const REMEDY =
  'Take the change back. If the loss is meant, write it in CHANGELOG.md and run: npm run accept-replacement -- <logical id>, ' +
  'or in a pipeline <pipeline>/<logical id>';

const pipelines = await loadPipelines();

describe.each(environmentNames)('in %s', (environment) => {
  const now = extractOf(stacksOf(environment));

  const reference = readReference(environment, pipelines);

  it('nothing that is deployed is replaced or destroyed', () => {
    expect(losses(reference, now), REMEDY).toEqual([]);
  });

  it('everything stateful is in the reference, which protects it, but for pipelines that are new', () => {
    const old = Object.fromEntries(Object.entries(now).filter(([stack]) => !isNew(stack, reference, pipelines)));
    expect(unknownTo(reference, old), REMEDY).toEqual([]);
  });
});

describe('a changed tag of the application', () => {
  const [first = ''] = environmentNames;

  it('leaves the cluster as it is, byte for byte', () => {
    const clusters = (assembly: 'app' | 'tagged') =>
      JSON.stringify(all(stacksOf(first, assembly), 'AWS::MSK::ServerlessCluster').map(({ resource }) => resource));
    expect(clusters('tagged')).toBe(clusters('app'));
    expect(JSON.stringify(stacksOf(first, 'tagged')).includes('cost-centre')).toBe(true);
  });

  it('replaces nothing stateful and nothing that it refers to', () => {
    expect(losses(extractOf(stacksOf(first)), extractOf(stacksOf(first, 'tagged')))).toEqual([]);
  });
});

describe('another size, and no pipeline', () => {
  const [first = ''] = environmentNames;
  const shared = (extract: Record<string, Extract>): Record<string, Extract> =>
    Object.fromEntries(Object.entries(extract).filter(([stack]) => /(network|streaming|processing)$/.test(stack)));

  it('leave the cluster as it is, byte for byte', () => {
    const clusters = (assembly: 'app' | 'resized') =>
      JSON.stringify(all(stacksOf(first, assembly), 'AWS::MSK::ServerlessCluster').map(({ resource }) => resource));
    expect(clusters('resized')).toBe(clusters('app'));
  });

  it('replace nothing stateful that pipelines share', () => {
    expect(losses(shared(extractOf(stacksOf(first))), shared(extractOf(stacksOf(first, 'resized'))))).toEqual([]);
  });
});

const data = (_: unknown, logicalId: string): boolean => logicalId.startsWith('Data');

describe('a mistake is told with its place and property', () => {
  const changes: readonly [string, RegExp, (find: Find) => void][] = [
    [
      'a tag on the cluster',
      /dev\/streaming KafkaCluster\w* \(AWS::MSK::ServerlessCluster\) would be replaced by a change of Tags: nothing/,
      (find) => put(find('AWS::MSK::ServerlessCluster').resource, 'Properties.Tags', { team: 'x' }),
    ],
    [
      'another name of the cluster',
      /KafkaCluster\w* .* would be replaced by a change of ClusterName: "millrace-dev" -> "millrace"/,
      (find) => put(find('AWS::MSK::ServerlessCluster').resource, 'Properties.ClusterName', 'millrace'),
    ],
    [
      'another range of a subnet of the cluster, in another stack',
      /dev\/network NetworkAnalytics\w+ \(AWS::EC2::Subnet\) would be replaced by a change of CidrBlock/,
      (find) => put(find('AWS::EC2::Subnet').resource, 'Properties.CidrBlock', '10.20.240.0/20'),
    ],
    [
      "another description of the cluster's security group",
      /dev\/streaming KafkaAnalyticsClients\w+ \(AWS::EC2::SecurityGroup\) would be replaced by .* GroupDescription/,
      (find) => {
        const { resource } = find('AWS::EC2::SecurityGroup', (_, id) => id.startsWith('KafkaAnalyticsClients'));
        put(resource, 'Properties.GroupDescription', 'Kafka');
      },
    ],
    [
      'a renamed bucket',
      /dev\/processing Data\w+ \(AWS::S3::Bucket\) would be replaced by a change of BucketName/,
      (find) => put(find('AWS::S3::Bucket', data).resource, 'Properties.BucketName', 'another'),
    ],
    [
      'a database that is encrypted by another key',
      /dev\/streaming RegistryDatabase\w+ \(AWS::RDS::DBInstance\) would be replaced by a change of KmsKeyId/,
      (find) => put(find('AWS::RDS::DBInstance').resource, 'Properties.KmsKeyId', 'another'),
    ],
    [
      'a renamed logical id',
      /dev\/processing Locks\w+ \(AWS::DynamoDB::Table\) would be destroyed/,
      (find) => {
        const { stack, logicalId, resource } = find('AWS::DynamoDB::Table');
        delete stack.template.Resources[logicalId];
        stack.template.Resources.Lock = resource;
      },
    ],
    [
      'a schema under another name',
      /\(Custom::RegistryArtifacts\) would be replaced by a change of ArtifactId: default\/plant\..* -> default\/another/,
      (find) => put(find('Custom::RegistryArtifacts').resource, 'Properties.Artifacts.0.ArtifactId', 'another'),
    ],
  ];

  it.each(changes)('%s', (_, message, change) => {
    const stacks = stacksOf('dev', 'readings');
    expect(losses(extractOf(stacks), extractOf(mutant(stacks, change))).join('\n')).toMatch(message);
  });

  it('data that would be deleted with its stack', () => {
    const kept = mutant(stacksOf('dev'), (find) => {
      find('AWS::S3::Bucket', data).resource.DeletionPolicy = 'Retain';
    });
    const lost = losses(extractOf(kept), extractOf(stacksOf('dev')));
    expect(lost.join('\n')).toMatch(
      /dev\/processing Data\w+ .* would lose its DeletionPolicy Retain: it is Delete now/,
    );
  });

  it('something stateful that the reference does not know', () => {
    expect(unknownTo({}, extractOf(stacksOf('dev'))).join('\n')).toMatch(/KafkaCluster\w* .* is not in the reference/);
  });
});
