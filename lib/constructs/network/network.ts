/**
 * Two VPCs that do not overlap, a peering between them, one private zone that both share. An environment's ranges
 * come in; subnets and security groups go out to the constructs above. Called by the network stack.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';

export interface NetworkProps {
  /** Address range of the VPC that holds Spark's workers. */
  readonly analyticsRange: string;
  /** Address range of the VPC that holds the registry, its database and the Lambdas. */
  readonly servicesRange: string;
  /** Name of the private zone. */
  readonly zoneName: string;
  /**
   * Zones to use.
   * @default two zones that CloudFormation picks
   */
  readonly zones?: readonly string[];
  /** Whether each zone has a NAT gateway of its own, or one serves all: about 33 USD a month each. */
  readonly exits: 'one-zone' | 'every-zone';
  readonly logRetention: logs.RetentionDays;
}

/** Port of MSK Serverless with IAM. */
export const KAFKA_PORT = 9098;

/** The two networks. */
export class Network extends Construct {
  /** Spark's workers; nothing in it reaches the internet. */
  readonly analytics: ec2.Vpc;
  /** The registry, its database and the Lambdas. */
  readonly services: ec2.Vpc;
  readonly analyticsRange: string;
  readonly servicesRange: string;
  readonly zone: route53.PrivateHostedZone;
  /** Of Spark's workers. */
  readonly sparkSecurityGroup: ec2.SecurityGroup;
  /** Of the Lambdas that manage topics and schemas. */
  readonly handlerSecurityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.analyticsRange = props.analyticsRange;
    this.servicesRange = props.servicesRange;
    const zones = props.zones ? { availabilityZones: [...props.zones] } : { maxAzs: 2 };
    const bits = (range: string): number => Number(range.split('/')[1]);
    this.analytics = new ec2.Vpc(this, 'Analytics', {
      ipAddresses: ec2.IpAddresses.cidr(props.analyticsRange),
      ...zones,
      // Nothing uses the default group; restricting it would take a custom resource with rights on every group.
      restrictDefaultSecurityGroup: false,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'spark', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: bits(props.analyticsRange) + 2 },
      ],
    });
    const small = bits(props.servicesRange) + 5;
    this.services = new ec2.Vpc(this, 'Services', {
      ipAddresses: ec2.IpAddresses.cidr(props.servicesRange),
      ...zones,
      restrictDefaultSecurityGroup: false,
      // The way out of the registry's task: docs/decisions/0010-registry-image-and-way-out.md has the arithmetic.
      ...(props.exits === 'one-zone' ? { natGateways: 1 } : {}),
      subnetConfiguration: [
        {
          name: 'services',
          subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS,
          cidrMask: bits(props.servicesRange) + 2,
        },
        { name: 'exit', subnetType: ec2.SubnetType.PUBLIC, cidrMask: small, mapPublicIpOnLaunch: false },
        { name: 'database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: small },
      ],
    });
    this.logRefusals('AnalyticsFlow', this.analytics, props.logRetention);
    this.logRefusals('ServicesFlow', this.services, props.logRetention);
    this.peer(props);

    this.zone = new route53.PrivateHostedZone(this, 'Zone', { zoneName: props.zoneName, vpc: this.services });
    this.zone.addVpc(this.analytics);

    this.sparkSecurityGroup = new ec2.SecurityGroup(this, 'Spark', {
      vpc: this.analytics,
      description: 'Spark workers',
      allowAllOutbound: false,
    });
    // Workers of one job talk to each other, driver to executors and back, on ports that Spark picks.
    this.sparkSecurityGroup.addIngressRule(this.sparkSecurityGroup, ec2.Port.allTcp(), 'between workers');
    this.sparkSecurityGroup.addEgressRule(this.sparkSecurityGroup, ec2.Port.allTcp(), 'between workers');
    this.handlerSecurityGroup = new ec2.SecurityGroup(this, 'Handlers', {
      vpc: this.services,
      description: 'Lambdas that manage topics and schemas',
      allowAllOutbound: false,
    });
  }

  /**
   * Logs refused connections of a VPC, which is what a missing rule looks like. Encrypted with the key of CloudWatch
   * Logs: addresses and ports are no secrets that would be worth a key of our own and its policy.
   */
  private logRefusals(id: string, vpc: ec2.Vpc, retention: logs.RetentionDays): void {
    const logGroup = new logs.LogGroup(this, `${id}Logs`, { retention, removalPolicy: RemovalPolicy.DESTROY });
    new ec2.FlowLog(this, id, {
      resourceType: ec2.FlowLogResourceType.fromVpc(vpc),
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
  }

  /** Peers the two VPCs and routes exactly the subnets that talk: Spark's and those of the registry. */
  private peer(props: NetworkProps): void {
    const peering = new ec2.CfnVPCPeeringConnection(this, 'Peering', {
      vpcId: this.analytics.vpcId,
      peerVpcId: this.services.vpcId,
    });
    const routes = [
      ['ToServices', this.analytics.isolatedSubnets, props.servicesRange],
      ['ToAnalytics', this.services.privateSubnets, props.analyticsRange],
    ] as const;
    for (const [name, subnets, range] of routes) {
      subnets.forEach((subnet, index) => {
        new ec2.CfnRoute(this, `${name}${index + 1}`, {
          routeTableId: subnet.routeTable.routeTableId,
          destinationCidrBlock: range,
          vpcPeeringConnectionId: peering.ref,
        });
      });
    }
  }
}
