/** Quantities of the estimate against the synthesized templates, so that neither changes without the other. */
import { describe, expect, test } from 'vitest';
import { dev } from '../../../config/dev.ts';
import type { Environment } from '../../../config/environment.ts';
import { prod } from '../../../config/prod.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { estimate } from '../../../tools/cost/estimate.ts';
import { resourcesOf, templatesOf } from '../../lib/support/templates.ts';

const pipelines = await loadPipelines();

describe.each([dev, prod])('$name', (environment: Environment) => {
  const templates = Object.values(templatesOf({ environment }));
  const resources = (type: string) => templates.flatMap((template) => Object.values(resourcesOf(template, type)));
  /** By part, what is shared and what pipelines add together. */
  const quantities: Record<string, number> = {};
  for (const { part, quantity } of estimate(environment, pipelines).lines) {
    quantities[part] = (quantities[part] ?? 0) + quantity;
  }

  test.each([
    ['MSK Serverless, cluster', 'AWS::MSK::ServerlessCluster'],
    ['NAT gateways', 'AWS::EC2::NatGateway'],
    ['Their public addresses', 'AWS::EC2::EIP'],
    ['Load balancer', 'AWS::ElasticLoadBalancingV2::LoadBalancer'],
    ['Private zone', 'AWS::Route53::HostedZone', 'AWS::ServiceDiscovery::PrivateDnsNamespace'],
    ['CloudWatch alarms', 'AWS::CloudWatch::Alarm'],
    ['CloudWatch dashboards', 'AWS::CloudWatch::Dashboard'],
  ])('%s', (part, ...types) => {
    expect(types.flatMap(resources)).toHaveLength(quantities[part] ?? -1);
  });

  test('Interface endpoints, one in each of their subnets', () => {
    const endpoints = resources('AWS::EC2::VPCEndpoint').filter(({ VpcEndpointType: type }) => type === 'Interface');
    const places = endpoints.flatMap(({ SubnetIds: subnets }) => subnets as unknown[]);
    expect(places).toHaveLength(quantities['Interface endpoints'] ?? -1);
  });

  test('Registry and database', () => {
    const [database] = resources('AWS::RDS::DBInstance');
    const [task] = resources('AWS::ECS::TaskDefinition');
    const [service] = resources('AWS::ECS::Service');
    const copies = database?.MultiAZ === true ? 2 : 1;
    expect(copies).toBe(quantities['Database instance']);
    expect(copies * Number(database?.AllocatedStorage)).toBe(quantities['Database storage']);
    expect(database).toMatchObject({
      StorageType: 'gp3',
      DBInstanceClass: `db.t4g.${environment.registry.databaseSize}`,
    });
    expect((Number(service?.DesiredCount) * Number(task?.Cpu)) / 1024).toBe(quantities['Registry on Fargate, vCPU']);
    expect((Number(service?.DesiredCount) * Number(task?.Memory)) / 1024).toBe(quantities['Registry on Fargate, GB']);
  });

  test('metrics, and what costs nothing because there is none', () => {
    const filters = resources('AWS::Logs::MetricFilter').map((filter) => JSON.stringify(filter));
    // Those of what listens have values all month long. That of failed tasks of connectors has values, and a price, only where one fails.
    const listening = filters.filter((filter) => filter.includes('listening'));
    const others = filters.filter((filter) => !listening.includes(filter) && !filter.includes('connectorTaskFailures'));
    const ofPart = estimate(environment, pipelines).lines.filter(({ part }) => part === 'CloudWatch metrics');
    const [ofRuns, ofSources] = [/run/, /source/].map((what) =>
      ofPart.filter(({ arithmetic }) => what.test(arithmetic)).reduce((sum, { quantity }) => sum + quantity, 0),
    );
    expect((ofRuns ?? 0) * 730).toBeCloseTo(others.length, 9);
    expect(ofSources).toBe(listening.length);
    expect(resources('AWS::KMS::Key')).toEqual([]);
    const managed = resources('AWS::RDS::DBInstance').filter(
      ({ ManageMasterUserPassword }) => ManageMasterUserPassword,
    );
    expect(resources('AWS::SecretsManager::Secret').length + managed.length).toBe(quantities.Passwords);
  });
});

test('brokers of MSK Express, and the metrics of their alarms', () => {
  const zones = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
  const environment: Environment = { ...dev, account: '123456789012', region: 'eu-west-1', zones, kafka: 'express' };
  const { streaming } = templatesOf({ environment });
  const [cluster] = Object.values(resourcesOf(streaming, 'AWS::MSK::Cluster'));
  const { lines } = estimate(environment, pipelines);
  const quantityOf = (part: string) => lines.find((line) => line.part === part)?.quantity;
  expect(cluster?.NumberOfBrokerNodes).toBe(quantityOf('MSK Express, brokers'));
  const alarms = Object.entries(resourcesOf(streaming, 'AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.startsWith('Kafka'),
  );
  // One of each alarm is the expression over the others.
  const metrics = alarms.reduce((sum, [, { Metrics }]) => sum + (Metrics as unknown[]).length - 1, 0);
  expect(metrics).toBe(quantityOf('CloudWatch alarms of brokers'));
  expect(lines.filter(({ part }) => part.startsWith('MSK Serverless'))).toEqual([]);
});
