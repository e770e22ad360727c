/**
 * Two VPCs that do not overlap, a peering between them, one private zone that both share. An environment's ranges
 * come in; subnets and security groups go out to the constructs above. Called by the network stack.
 */
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
  readonly zone: route53.PrivateHostedZone;
  /** Of Spark's workers. */
  readonly sparkSecurityGroup: ec2.SecurityGroup;
  /** Of the Lambdas that manage topics and schemas. */
  readonly handlerSecurityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const zones = props.zones ? { availabilityZones: [...props.zones] } : { maxAzs: 2 };
    this.analytics = new ec2.Vpc(this, 'Analytics', {
      ipAddresses: ec2.IpAddresses.cidr(props.analyticsRange),
      ...zones,
      // Nothing uses the default group; restricting it would take a custom resource with rights on every group.
      restrictDefaultSecurityGroup: false,
      natGateways: 0,
      subnetConfiguration: [{ name: 'spark', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
    });
    this.services = new ec2.Vpc(this, 'Services', {
      ipAddresses: ec2.IpAddresses.cidr(props.servicesRange),
      ...zones,
      restrictDefaultSecurityGroup: false,
      // One way out, for the registry's image: cheaper than the four interface endpoints that it would need.
      natGateways: 1,
      subnetConfiguration: [
        { name: 'exit', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'services', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
    });
    for (const [name, vpc] of [
      ['AnalyticsFlow', this.analytics],
      ['ServicesFlow', this.services],
    ] as const) {
      const logGroup = new logs.LogGroup(this, `${name}Logs`, { retention: props.logRetention });
      new ec2.FlowLog(this, name, {
        resourceType: ec2.FlowLogResourceType.fromVpc(vpc),
        destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup),
        trafficType: ec2.FlowLogTrafficType.REJECT,
      });
    }
    this.analytics.addGatewayEndpoint('Objects', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    this.services.addGatewayEndpoint('Objects', { service: ec2.GatewayVpcEndpointAwsService.S3 });
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
    this.sparkSecurityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'S3 through the gateway endpoint');
    this.handlerSecurityGroup = new ec2.SecurityGroup(this, 'Handlers', {
      vpc: this.services,
      description: 'Lambdas that manage topics and schemas',
      allowAllOutbound: false,
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
