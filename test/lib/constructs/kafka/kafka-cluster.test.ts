/** Nothing replaces the Kafka cluster by accident: not tags, not sizes, not pipelines. */
import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { Tags } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import { dev } from '../../../../config/dev.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const before = templatesOf();
const variants = {
  'a tag on everything': templatesOf({
    // Aspects of an app stop at its stages.
    change: (app) => {
      for (const stage of app.node.children) Tags.of(stage).add('cost-centre', 'changed');
    },
  }),
  'other sizes and no pipeline': templatesOf({
    pipelines: [],
    environment: {
      spark: { maximumCores: 32, idleMinutes: 30 },
      registry: {
        ...dev.registry,
        tasks: 2,
        cpu: 1024,
        memoryMiB: 4096,
        databaseMultiZone: true,
        databaseConnections: 5,
      },
      logDays: 90,
      alarmEmail: 'somebody@example.com',
      monthlySpendLimit: 99,
    },
  }),
};

/** The cluster as it stands in the template, its logical id included. */
const clusterIn = (templates: typeof before) =>
  JSON.stringify(templates.streaming?.findResources('AWS::MSK::ServerlessCluster'));

test.each(Object.entries(variants))('the cluster is the same byte for byte after %s', (_, after) => {
  expect(clusterIn(after)).toBe(clusterIn(before));
  expect(clusterIn(after)).toContain('VpcConfigs');
});

test.each(Object.entries(variants))('nothing that it refers to is replaced by %s', (_, after) => {
  const referred = new Set([
    'AWS::EC2::VPC',
    'AWS::EC2::Subnet',
    'AWS::EC2::SecurityGroup',
    'AWS::MSK::ServerlessCluster',
  ]);
  const replaced: string[] = [];
  for (const stack of ['network', 'streaming']) {
    const difference = fullDiff(before[stack]?.toJSON() ?? {}, after[stack]?.toJSON() ?? {});
    difference.resources.forEachDifference((id, { newResourceType = '', changeImpact }) => {
      if (referred.has(newResourceType) && changeImpact !== ResourceImpact.WILL_UPDATE) replaced.push(id);
    });
    expect(difference.isEmpty).toBe(false);
  }
  expect(replaced).toEqual([]);
});

test('what other stacks import of the cluster has the same name whatever the pipelines', () => {
  const exports = (templates: typeof before) => Object.keys(templates.streaming?.toJSON().Outputs ?? {});
  expect(exports(variants['other sizes and no pipeline'])).toEqual(exports(before));
});

test('it has a fixed logical id and no tags, and lies in both VPCs with a group of its own', () => {
  const [[id, cluster] = []] = Object.entries(resourcesOf(before.streaming, 'AWS::MSK::ServerlessCluster'));
  expect(id).toBe('KafkaCluster7185C948');
  expect(cluster).not.toHaveProperty('Tags');
  expect(cluster?.VpcConfigs).toHaveLength(2);
});

test('it outlives the stack of a durable environment only, and no first deployment that fails', () => {
  const policyOf = (templates: typeof before) =>
    Object.values(templates.streaming?.findResources('AWS::MSK::ServerlessCluster') ?? {})[0]?.DeletionPolicy;
  expect(policyOf(before)).toBe('Delete');
  expect(policyOf(templatesOf({ environment: { removal: 'retain', alarmEmail: 'somebody@example.com' } }))).toBe(
    'RetainExceptOnCreate',
  );
});
