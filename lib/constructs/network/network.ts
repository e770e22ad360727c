/** Two VPCs that do not overlap, a peering between them, one private zone that both share. */
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { CONNECT_PORT } from '../../declaration/limits.ts';
import { logGroup } from '../functions/logged-role.ts';
import type { Placement } from '../functions/node-function.ts';

export interface NetworkProps {
  /** Address range of the VPC that holds Spark's workers. */
  readonly analytics: string;
  /** Address range of the VPC that holds the registry, its database and the Lambdas. */
  readonly services: string;
  readonly zoneName: string;
  /**
   * Zones to use.
   * @default two zones that CloudFormation picks
   */
  readonly zones?: readonly string[];
  /** Whether each zone has a NAT gateway of its own, or one serves all: about 33 USD a month each. */
  readonly exits: 'one-zone' | 'every-zone';
  readonly logRetentionDays: number;
  /** Whether accepted connections are logged too, beside those that are refused. */
  readonly logAccepted: boolean;
}

/** The two networks. */
export class Network extends Construct {
  /** Spark's workers; nothing in it reaches the internet. */
  readonly analytics: ec2.Vpc;
  readonly services: ec2.Vpc;
  readonly zone: route53.PrivateHostedZone;
  readonly sparkSecurityGroup: ec2.SecurityGroup;
  /** Of the Lambdas that manage topics and schemas. */
  readonly handlerSecurityGroup: ec2.SecurityGroup;
  /** Of the workers of Kafka Connect. */
  readonly connectSecurityGroup: ec2.SecurityGroup;
  /** Of sources, which listen to what is outside. */
  readonly sourceSecurityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const zones = props.zones ? { availabilityZones: [...props.zones] } : { maxAzs: 2 };
    const bits = (range: string): number => Number(range.split('/')[1]);
    this.analytics = new ec2.Vpc(this, 'Analytics', {
      ipAddresses: ec2.IpAddresses.cidr(props.analytics),
      ...zones,
      // Nothing uses the default group; restricting it would take a custom resource with rights on every group.
      restrictDefaultSecurityGroup: false,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'spark', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: bits(props.analytics) + 2 },
      ],
    });
    const small = bits(props.services) + 5;
    this.services = new ec2.Vpc(this, 'Services', {
      ipAddresses: ec2.IpAddresses.cidr(props.services),
      ...zones,
      restrictDefaultSecurityGroup: false,
      // The way out of the registry's task: docs/decisions/0010-registry-image-and-way-out.md has the arithmetic.
      natGateways: props.exits === 'one-zone' ? 1 : undefined,
      subnetConfiguration: [
        { name: 'services', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: bits(props.services) + 2 },
        { name: 'exit', subnetType: ec2.SubnetType.PUBLIC, cidrMask: small, mapPublicIpOnLaunch: false },
        { name: 'database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: small },
      ],
    });
    this.logTraffic('AnalyticsFlow', this.analytics, props);
    this.logTraffic('ServicesFlow', this.services, props);
    this.peer(props);

    this.zone = new route53.PrivateHostedZone(this, 'Zone', { zoneName: props.zoneName, vpc: this.services });
    this.zone.addVpc(this.analytics);

    this.sparkSecurityGroup = closedGroup(this, 'Spark', this.analytics, 'Spark workers');
    // Workers of one job talk to each other, driver to executors and back, on ports that Spark picks.
    this.sparkSecurityGroup.addIngressRule(this.sparkSecurityGroup, ec2.Port.allTcp(), 'between workers');
    this.sparkSecurityGroup.addEgressRule(this.sparkSecurityGroup, ec2.Port.allTcp(), 'between workers');
    const handlers = 'Lambdas that manage topics and schemas';
    this.handlerSecurityGroup = closedGroup(this, 'Handlers', this.services, handlers);
    this.connectSecurityGroup = closedGroup(this, 'Connect', this.services, 'Workers of Kafka Connect');
    const connect = this.connectSecurityGroup.connections;
    connect.allowFrom(this.handlerSecurityGroup, ec2.Port.tcp(CONNECT_PORT), 'what connectors are');
    connect.allowInternally(ec2.Port.tcp(CONNECT_PORT), 'between workers, while one takes over from another');
    const why = 'images, archive, secrets and logs through the NAT gateway: their hosts have no fixed addresses';
    this.connectSecurityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, why);
    this.sourceSecurityGroup = closedGroup(this, 'Sources', this.services, 'Sources');
    const outside =
      'what they listen to, and their secrets, through the NAT gateway: their hosts have no fixed addresses';
    this.sourceSecurityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, outside);
  }

  /** Where the Lambdas that manage topics and schemas are attached. */
  get handlers(): Placement {
    const { services: vpc, handlerSecurityGroup } = this;
    return { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [handlerSecurityGroup] };
  }

  /** Where sources are attached. */
  get sources(): Placement {
    const { services: vpc, sourceSecurityGroup } = this;
    return { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [sourceSecurityGroup] };
  }

  /**
   * Logs connections of a VPC: those refused, which is what a missing rule looks like, and where data is kept also those accepted, which
   * an inquiry asks for. Encrypted with the key of CloudWatch Logs: addresses and ports are no secrets that would be worth a key of our
   * own and its policy.
   */
  private logTraffic(id: string, vpc: ec2.Vpc, { logRetentionDays, logAccepted }: NetworkProps): void {
    const group = logGroup(this, `${id}Logs`, logRetentionDays);
    new ec2.FlowLog(this, id, {
      resourceType: ec2.FlowLogResourceType.fromVpc(vpc),
      destination: ec2.FlowLogDestination.toCloudWatchLogs(group),
      trafficType: logAccepted ? ec2.FlowLogTrafficType.ALL : ec2.FlowLogTrafficType.REJECT,
    });
  }

  /** Peers the two VPCs and routes the subnets that talk: Spark's, those of the registry, and those of databases. */
  private peer(props: NetworkProps): void {
    const peering = new ec2.CfnVPCPeeringConnection(this, 'Peering', {
      vpcId: this.analytics.vpcId,
      peerVpcId: this.services.vpcId,
    });
    const routes = [
      ['ToServices', this.analytics.isolatedSubnets, props.services],
      ['ToAnalytics', this.services.privateSubnets, props.analytics],
      ['BackToAnalytics', this.services.isolatedSubnets, props.analytics],
    ] as const;
    for (const [name, subnets, range] of routes) {
      for (const [index, { routeTable }] of subnets.entries()) {
        new ec2.CfnRoute(this, `${name}${index + 1}`, {
          routeTableId: routeTable.routeTableId,
          destinationCidrBlock: range,
          vpcPeeringConnectionId: peering.ref,
        });
      }
    }
  }
}

/** A security group without rules: who may come in, and go where, is said one by one. */
export function closedGroup(scope: Construct, id: string, vpc: ec2.IVpc, description: string): ec2.SecurityGroup {
  return new ec2.SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false });
}
