/** The two networks: what they hold, what reaches what, and what nothing reaches. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { dev } from '../../../../config/dev.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { network, processing, streaming } = templatesOf();
const text = (value: unknown): string => JSON.stringify(value);

describe('the networks', () => {
  test('are two, without a way from the first to the internet', () => {
    network?.resourceCountIs('AWS::EC2::VPC', 2);
    const routes = Object.entries(resourcesOf(network, 'AWS::EC2::Route'));
    const outward = routes.filter(([, { DestinationCidrBlock }]) => DestinationCidrBlock === '0.0.0.0/0');
    expect(outward.map(([id]) => id).filter((id) => id.includes('Analytics'))).toEqual([]);
  });

  test('give no address of the internet to what starts in them', () => {
    const subnets = Object.values(resourcesOf(network, 'AWS::EC2::Subnet'));
    expect(subnets).toHaveLength(8);
    expect(subnets.map(({ MapPublicIpOnLaunch: given }) => given)).toEqual(subnets.map(() => false));
  });

  test('are peered, with routes both ways for the subnets that talk', () => {
    const routes = Object.values(resourcesOf(network, 'AWS::EC2::Route'));
    const peered = routes.filter((route) => route.VpcPeeringConnectionId).map((route) => route.DestinationCidrBlock);
    // Back to the workers from the registry's subnets and from those of databases; to both from the workers.
    expect(peered.sort()).toEqual([...Array(4).fill('10.20.0.0/16'), '10.21.0.0/16', '10.21.0.0/16']);
  });

  test('share a private zone, and log what they refuse; a durable environment all that they carry', () => {
    network?.hasResourceProperties('AWS::Route53::HostedZone', {
      Name: 'dev.millrace.internal.',
      VPCs: [Match.anyValue(), Match.anyValue()],
    });
    const traffic = (template: typeof network) =>
      Object.values(resourcesOf(template, 'AWS::EC2::FlowLog')).map(({ TrafficType: type }) => type);
    expect(traffic(network)).toEqual(['REJECT', 'REJECT']);
    const durable = templatesOf({ environment: { removal: 'retain', alarmEmail: 'somebody@example.com' } });
    expect(traffic(durable.network)).toEqual(['ALL', 'ALL']);
  });

  test('have one NAT gateway in a small environment, one in each zone in a durable one', () => {
    network?.resourceCountIs('AWS::EC2::NatGateway', 1);
    const wide = templatesOf({ environment: { network: { ...dev.network, exits: 'every-zone' } } });
    wide.network?.resourceCountIs('AWS::EC2::NatGateway', 2);
  });

  test('lie in the zones that are given, each in its own part of the range', () => {
    const zones = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'];
    const given = templatesOf({ environment: { account: '123456789012', region: 'eu-west-1', zones } });
    const subnets = Object.values(resourcesOf(given.network, 'AWS::EC2::Subnet'));
    expect([...new Set(subnets.map((subnet) => subnet.AvailabilityZone))].sort()).toEqual(zones);
    expect(new Set(subnets.map((subnet) => subnet.CidrBlock)).size).toBe(subnets.length);
  });
});

describe('security groups', () => {
  test('let nobody in but each other', () => {
    for (const template of [network, streaming, processing]) {
      const inline = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroup')).flatMap(
        (group) => group.SecurityGroupIngress ?? [],
      );
      expect(inline).toEqual([]);
      for (const rule of Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress'))) {
        expect(rule).toHaveProperty('SourceSecurityGroupId');
        expect(rule).not.toHaveProperty('CidrIp');
      }
    }
  });

  test("reach S3 by the list of S3's addresses", () => {
    processing?.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      FromPort: 443,
      ToPort: 443,
      DestinationPrefixListId: { 'Fn::GetAtt': [Match.anyValue(), 'PrefixLists.0.PrefixListId'] },
    });
  });
});

describe('endpoints', () => {
  test("of S3 let through to the environment's data, the assets, and what EMR keeps, on each route table of the workers", () => {
    const gateway = Object.values(resourcesOf(processing, 'AWS::EC2::VPCEndpoint'));
    expect(gateway).toHaveLength(1);
    expect(gateway[0]?.RouteTableIds).toHaveLength(2);
    const policy = gateway[0]?.PolicyDocument as { Statement: { Action: unknown; Resource: unknown }[] } | undefined;
    const { Statement = [] } = policy ?? {};
    expect(Statement.map(({ Action }) => Action)).toEqual([
      ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      's3:ListBucket',
      's3:GetObject',
      's3:ListBucket',
      ['s3:PutObject', 's3:PutObjectAcl'],
    ]);
    const [, , read, list, own] = Statement;
    expect(text(read?.Resource)).toMatch(/:s3:::cdk-hnb659fds-assets-.*\/millrace\/dev\/\*/);
    expect(list).toMatchObject({ Condition: { StringLike: { 's3:prefix': 'millrace/dev/*' } } });
    expect(text(own?.Resource)).toContain('.appinfo.src/*');
  });

  test('of CloudWatch Logs take log lines of this account, in every zone', () => {
    const [endpoint] = Object.values(resourcesOf(network, 'AWS::EC2::VPCEndpoint'));
    expect(endpoint).toMatchObject({ VpcEndpointType: 'Interface', PrivateDnsEnabled: true });
    expect(endpoint?.SubnetIds).toHaveLength(2);
    expect(text(endpoint?.PolicyDocument)).toContain('aws:PrincipalAccount');
  });
});
