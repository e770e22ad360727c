/** Who reaches whom in the network of each environment, computed from its templates; then the same after a mistake. */
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { concrete } from './support/concrete.ts';
import { expectedIn } from './support/expected.ts';
import { listAt, put } from './support/json.ts';
import { connections, networkFindings, whyMissing } from './support/reachability.ts';
import { environmentNames, type Find, mutant, type Stack, stacksOf } from './support/stacks.ts';

const pipelines = await loadPipelines();
const hasConnectors = pipelines.some(({ connectors }) => connectors);
const hasSources = pipelines.some(({ sources }) => sources);

const computed = (stacks: readonly Stack[]): string[] => connections(concrete(stacks));
const found = (stacks: readonly Stack[]): string => networkFindings(concrete(stacks)).join('\n');

/** The gateway endpoint of a service. */
const gateway = (find: Find, service: string) =>
  find(
    'AWS::EC2::VPCEndpoint',
    ({ Properties }) =>
      Properties.VpcEndpointType === 'Gateway' && JSON.stringify(Properties.ServiceName).includes(`${service}"`),
  ).resource;

describe.each(environmentNames)('the network of %s', (environment) => {
  it('connects each pair that has to talk, and no other', () => {
    const table = computed(stacksOf(environment));
    const expected = expectedIn(environment, 'network')
      .filter((line) => hasConnectors || !line.includes('connect'))
      .filter((line) => hasSources || !line.includes('sources'))
      .sort();
    const missing = expected.filter((line) => !table.includes(line));
    expect(missing.flatMap((line) => whyMissing(concrete(stacksOf(environment)), line))).toEqual([]);
    expect(table).toEqual(expected);
  });

  it('is private, in two zones, resolvable and without overlap', () => {
    expect(found(stacksOf(environment))).toBe('');
  });
});

describe.each(environmentNames)('with MSK Express, the network of %s', (environment) => {
  const stacks = stacksOf(environment, 'express');

  it('lets the same ones reach the brokers, handlers, sources and connectors through the peering', () => {
    expect(computed(stacks).filter((line) => line.includes('kafka'))).toEqual([
      'connect -> kafka in analytics: 9098',
      'handlers -> kafka in analytics: 9098',
      'sources -> kafka in analytics: 9098',
      'spark -> kafka in analytics: 9098',
    ]);
  });

  it('is private, in three zones, resolvable and without overlap', () => {
    expect(found(stacks)).toBe('');
  });
});

describe('workers of connectors', () => {
  it.each(environmentNames)(
    'of %s reach brokers, each other and what is outside, and only handlers reach them',
    (environment) => {
      const ofWorkers = computed(stacksOf(environment, 'connected')).filter((line) => line.includes('connect'));
      expect(ofWorkers).toEqual([
        'connect -> connect: 8083',
        // The connectors' own database listens on 5432.
        'connect -> internet: 443, 5432',
        'connect -> kafka in services: 9098',
        'handlers -> connect: 8083',
      ]);
    },
  );
});

describe('a connection is lost', () => {
  const stacks = stacksOf('dev');

  it.each([
    ['a route to the other VPC', /sparkSubnet1RouteTable of subnet .* has no route to/, 'ToServices1'],
    ['a route back', /servicesSubnet2RouteTable of subnet .* has no route to/, 'ToAnalytics2'],
  ])('with %s, and the place is told', (_, why, route) => {
    const changed = mutant(stacks, (find) => {
      const { stack, logicalId } = find('AWS::EC2::Route', (_resource, id) => id.includes(route));
      delete stack.template.Resources[logicalId];
    });
    expect(computed(changed).join('\n')).not.toContain('spark -> balancer');
    expect(whyMissing(concrete(changed), 'spark -> balancer: 8080').join('\n')).toMatch(why);
  });

  it('with the rule that lets Spark out to Kafka', () => {
    const changed = mutant(stacks, (find) => {
      const { stack, logicalId } = find(
        'AWS::EC2::SecurityGroupEgress',
        (resource) => resource.Properties.FromPort === 9098 && JSON.stringify(resource.Properties).includes('Spark'),
      );
      delete stack.template.Resources[logicalId];
    });
    expect(computed(changed)).not.toContain('spark -> kafka in analytics: 9098');
    expect(whyMissing(concrete(changed), 'spark -> kafka in analytics: 9098').join('\n')).toMatch(
      /dev\/processing Spark\w+: group \S+ has no egress to kafka in analytics on 9098/,
    );
  });

  it('with the attachment of Kafka to the VPC of the handlers', () => {
    const changed = mutant(stacks, (find) => {
      const cluster = find('AWS::MSK::ServerlessCluster').resource.Properties;
      put(cluster, 'VpcConfigs', listAt(cluster, 'VpcConfigs').slice(0, 1));
    });
    expect(computed(changed).join('\n')).not.toContain('handlers -> kafka');
  });
});

describe('a connection too many is seen', () => {
  const stacks = stacksOf('dev');

  it('when a rule opens a range of ports', () => {
    const changed = mutant(stacks, (find) => {
      for (const type of ['AWS::EC2::SecurityGroupEgress', 'AWS::EC2::SecurityGroupIngress']) {
        put(find(type, ({ Properties }) => Properties.FromPort === 9098).resource, 'Properties.FromPort', 1);
      }
    });
    expect(computed(changed)).toContain('spark -> kafka in analytics: every port');
  });

  it('when the database lets everybody in', () => {
    const changed = mutant(stacks, (find) => {
      const open = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '10.0.0.0/8' }];
      const database = find('AWS::EC2::SecurityGroup', (_resource, id) => id.includes('Database')).resource;
      put(database, 'Properties.SecurityGroupIngress', open);
      const handlers = find('AWS::EC2::SecurityGroup', (_resource, id) => id.startsWith('NetworkHandlers')).resource;
      put(handlers, 'Properties.SecurityGroupEgress', open);
    });
    expect(computed(changed)).toContain('handlers -> database: 443');
  });
});

describe('a finding names the place', () => {
  const stacks = stacksOf('dev');

  it.each([
    ['bucket', '.s3'],
    ['table', '.dynamodb'],
  ])('for an endpoint that reaches every %s', (what, service) => {
    const changed = mutant(stacks, (find) => put(gateway(find, service), 'Properties.PolicyDocument', undefined));
    const told = `^dev/\\w+ \\w*Gateway\\w*: PolicyDocument is missing, so that every ${what} of every account`;
    expect(found(changed)).toMatch(new RegExp(told, 'm'));
  });

  it('for a rule that is open to the world', () => {
    const changed = mutant(stacks, (find) => {
      const { resource } = find('AWS::EC2::SecurityGroup', (_resource, id) => id.includes('Balancer'));
      put(resource, 'Properties.SecurityGroupIngress', [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }]);
    });
    expect(found(changed)).toMatch(/^dev\/streaming RegistryBalancerGroup\w+: ports 0-65535 are open to the world/m);
  });

  it('for ranges that overlap', () => {
    const changed = mutant(stacks, (find) => {
      put(find('AWS::EC2::VPC').resource, 'Properties.CidrBlock', '10.21.0.0/16');
    });
    expect(found(changed)).toMatch(/^dev\/network NetworkAnalytics\w+: CidrBlock 10\.21\.0\.0\/16 overlaps/m);
  });

  it('for a VPC without private names', () => {
    const changed = mutant(stacks, (find) => {
      put(find('AWS::EC2::VPC').resource, 'Properties.EnableDnsHostnames', false);
    });
    expect(found(changed)).toMatch(/^dev\/network NetworkAnalytics\w+: EnableDnsHostnames/m);
  });

  it("for a way from Spark's network to the internet", () => {
    const changed = mutant(stacks, (find) => {
      const route = find('AWS::EC2::Route', (_resource, id) => id.includes('ToServices1')).resource.Properties;
      put(route, 'DestinationCidrBlock', '0.0.0.0/0');
      put(route, 'VpcPeeringConnectionId', undefined);
      put(route, 'NatGatewayId', { Ref: find('AWS::EC2::NatGateway').logicalId });
    });
    expect(found(changed)).toMatch(/^dev\/network NetworkToServices1\w*: a route to 0\.0\.0\.0\/0 .* leads out/m);
  });

  it.each([
    ['S3', '.s3'],
    ['DynamoDB', '.dynamodb'],
  ])('for a route table without the endpoint of %s', (name, service) => {
    const changed = mutant(stacks, (find) => {
      const endpoint = gateway(find, service);
      put(endpoint, 'Properties.RouteTableIds', listAt(endpoint, 'Properties.RouteTableIds').slice(1));
    });
    const told = `^dev/processing Spark\\w+: route table .* has no ${name} gateway endpoint`;
    expect(found(changed)).toMatch(new RegExp(told, 'm'));
  });

  it('for a zone that one VPC cannot ask', () => {
    const changed = mutant(stacks, (find) => {
      const zone = find('AWS::Route53::HostedZone').resource;
      put(zone, 'Properties.VPCs', listAt(zone, 'Properties.VPCs').slice(0, 1));
    });
    expect(found(changed)).toMatch(/^dev\/network NetworkZone\w+: VPCs lacks dev\/network NetworkAnalytics/m);
  });

  it('for subnets in one zone only', () => {
    const changed = mutant(stacks, (find) => {
      const application = find('AWS::EMRServerless::Application').resource;
      const path = 'Properties.NetworkConfiguration.SubnetIds';
      put(application, path, listAt(application, path).slice(1));
    });
    expect(found(changed)).toMatch(/^dev\/processing Spark\w+: spark has subnets in 1 zone/m);
  });
});
