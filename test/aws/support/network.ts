/** The network of an environment as a graph: VPCs, subnets with their routes, security-group rules, and what is attached where. */
import { type Concrete, ofType } from './concrete.ts';
import { at, listAt, textsAt } from './json.ts';

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  readonly range: string;
  readonly zone: string;
  readonly routeTable: string | undefined;
}

/** A route; `target` is the id of a peering, gateway or NAT, or `local`. */
export interface Route {
  readonly place: string;
  readonly range: string;
  readonly target: string;
}

/** One side of a security-group rule. */
export interface Rule {
  readonly place: string;
  readonly group: string;
  readonly direction: 'in' | 'out';
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly peerGroup: string | undefined;
  readonly peerRange: string | undefined;
}

/** Something with addresses in subnets, behind security groups. */
export interface Attachment {
  readonly name: string;
  readonly place: string;
  readonly vpc: string;
  readonly subnets: readonly Subnet[];
  readonly groups: readonly string[];
}

export interface Graph {
  readonly vpcs: readonly Concrete[];
  readonly subnets: ReadonlyMap<string, Subnet>;
  /** By route table. */
  readonly routes: ReadonlyMap<string, readonly Route[]>;
  /** VPCs of a peering, by its id. */
  readonly peerings: ReadonlyMap<string, readonly [string, string]>;
  readonly rules: readonly Rule[];
  readonly attachments: readonly Attachment[];
}

/** Builds the graph. */
export function graphOf(resources: readonly Concrete[]): Graph {
  const vpcs = ofType(resources, 'AWS::EC2::VPC');
  const subnets = subnetsOf(resources);
  return {
    vpcs,
    subnets,
    routes: routesOf(resources, vpcs, subnets),
    peerings: new Map(
      ofType(resources, 'AWS::EC2::VPCPeeringConnection').map((peering) => [
        peering.id,
        [String(peering.properties.VpcId), String(peering.properties.PeerVpcId)] as const,
      ]),
    ),
    rules: rulesOf(resources),
    attachments: attachmentsOf(resources, subnets),
  };
}

function subnetsOf(resources: readonly Concrete[]): Map<string, Subnet> {
  const tables = new Map(
    ofType(resources, 'AWS::EC2::SubnetRouteTableAssociation').map(({ properties }) => [
      String(properties.SubnetId),
      String(properties.RouteTableId),
    ]),
  );
  return new Map(
    ofType(resources, 'AWS::EC2::Subnet').map(({ id, properties }) => [
      id,
      {
        id,
        vpc: String(properties.VpcId),
        range: String(properties.CidrBlock),
        zone: String(properties.AvailabilityZone),
        routeTable: tables.get(id),
      },
    ]),
  );
}

function routesOf(
  resources: readonly Concrete[],
  vpcs: readonly Concrete[],
  subnets: ReadonlyMap<string, Subnet>,
): Map<string, Route[]> {
  const routes = new Map<string, Route[]>();
  const add = (table: string, route: Route): void => void routes.set(table, [...(routes.get(table) ?? []), route]);
  for (const { routeTable, vpc } of subnets.values()) {
    const own = vpcs.find((candidate) => candidate.id === vpc);
    if (routeTable && own && !routes.has(routeTable)) {
      add(routeTable, { place: own.place, range: String(own.properties.CidrBlock), target: 'local' });
    }
  }
  for (const { place, properties } of ofType(resources, 'AWS::EC2::Route')) {
    const target = ['VpcPeeringConnectionId', 'NatGatewayId', 'GatewayId', 'TransitGatewayId', 'NetworkInterfaceId']
      .map((name) => properties[name])
      .find((value) => value !== undefined);
    const range = properties.DestinationCidrBlock;
    if (range) add(String(properties.RouteTableId), { place, range: String(range), target: String(target) });
  }
  return routes;
}

function rulesOf(resources: readonly Concrete[]): Rule[] {
  const rule = (place: string, group: string, direction: 'in' | 'out', rule: unknown): Rule => {
    const side = direction === 'in' ? 'Source' : 'Destination';
    const text = (name: string): string | undefined => {
      const value = at(rule, name);
      return value === undefined ? undefined : String(value);
    };
    const every = text('IpProtocol') === '-1';
    return {
      place,
      group,
      direction,
      protocol: text('IpProtocol') ?? '',
      from: every ? 0 : Number(at(rule, 'FromPort')),
      to: every ? 65_535 : Number(at(rule, 'ToPort')),
      peerGroup: text(`${side}SecurityGroupId`),
      peerRange: text('CidrIp') ?? text('CidrIpv6'),
    };
  };
  return [
    ...ofType(resources, 'AWS::EC2::SecurityGroup').flatMap(({ place, id, properties }) => [
      ...listAt(properties, 'SecurityGroupIngress').map((each) => rule(place, id, 'in', each)),
      ...listAt(properties, 'SecurityGroupEgress').map((each) => rule(place, id, 'out', each)),
    ]),
    ...ofType(resources, 'AWS::EC2::SecurityGroupIngress').map(({ place, properties }) =>
      rule(place, String(properties.GroupId), 'in', properties),
    ),
    ...ofType(resources, 'AWS::EC2::SecurityGroupEgress').map(({ place, properties }) =>
      rule(place, String(properties.GroupId), 'out', properties),
    ),
  ];
}

/** Where each kind of resource says its subnets and its groups; a list of kinds is closed by a test. */
export const ATTACHED: Readonly<Record<string, { name: string; subnets: string; groups: string }>> = {
  'AWS::EMRServerless::Application': {
    name: 'spark',
    subnets: 'NetworkConfiguration.SubnetIds',
    groups: 'NetworkConfiguration.SecurityGroupIds',
  },
  /** Or `sources`, by its logical id. */
  'AWS::Lambda::Function': { name: 'handlers', subnets: 'VpcConfig.SubnetIds', groups: 'VpcConfig.SecurityGroupIds' },
  /** Or `connect`, by its logical id. */
  'AWS::ECS::Service': {
    name: 'registry',
    subnets: 'NetworkConfiguration.AwsvpcConfiguration.Subnets',
    groups: 'NetworkConfiguration.AwsvpcConfiguration.SecurityGroups',
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': { name: 'balancer', subnets: 'Subnets', groups: 'SecurityGroups' },
  'AWS::RDS::DBCluster': { name: 'tables', subnets: 'subnets of its group', groups: 'VpcSecurityGroupIds' },
  'AWS::RDS::DBInstance': { name: 'database', subnets: 'subnets of its group', groups: 'VPCSecurityGroups' },
  'AWS::MSK::Cluster': {
    name: 'kafka in analytics',
    subnets: 'BrokerNodeGroupInfo.ClientSubnets',
    groups: 'BrokerNodeGroupInfo.SecurityGroups',
  },
  'AWS::MSK::ServerlessCluster': { name: 'kafka', subnets: 'SubnetIds', groups: 'SecurityGroups' },
  'AWS::EC2::VPCEndpoint': { name: 'endpoint', subnets: 'SubnetIds', groups: 'SecurityGroupIds' },
};

function attachmentsOf(resources: readonly Concrete[], known: ReadonlyMap<string, Subnet>): Attachment[] {
  const found = new Map<string, Attachment>();
  const add = (name: string, place: string, ids: readonly string[], groups: readonly string[]): void => {
    if (ids.length === 0) return;
    const subnets = ids.map((id) => {
      const subnet = known.get(id);
      if (!subnet) throw new Error(`${place} is attached to subnet ${id}, which no template has.`);
      return subnet;
    });
    // All functions with the same place in the network are one.
    const key = `${name} ${[...ids].sort()} ${[...groups].sort()}`;
    if (!found.has(key)) found.set(key, { name, place, vpc: String(subnets[0]?.vpc), subnets, groups });
  };
  for (const resource of resources) {
    const where = ATTACHED[resource.type];
    if (!where) continue;
    const { place, properties } = resource;
    if (resource.type === 'AWS::MSK::ServerlessCluster') {
      for (const config of listAt(properties, 'VpcConfigs')) {
        const ids = textsAt(config, where.subnets);
        const vpc = known.get(ids[0] ?? '')?.vpc ?? '';
        const name = vpc.includes('Analytics') ? 'kafka in analytics' : 'kafka in services';
        add(name, place, ids, textsAt(config, where.groups));
      }
    } else if (resource.type.startsWith('AWS::RDS::')) {
      // Those of a cluster are where it is.
      if (properties.DBClusterIdentifier !== undefined) continue;
      const group = resources.find(({ id }) => id === String(properties.DBSubnetGroupName));
      add(where.name, place, textsAt(group?.properties, 'SubnetIds'), textsAt(properties, where.groups));
    } else {
      const service = String(properties.ServiceName ?? '')
        .split('.')
        .slice(3)
        .join('.');
      const isWorker = resource.type === 'AWS::ECS::Service' && /Connect/.test(resource.id);
      const isSource = resource.type === 'AWS::Lambda::Function' && /ContractsSource/.test(resource.id);
      const named = isWorker ? 'connect' : isSource ? 'sources' : where.name;
      const name = resource.type === 'AWS::EC2::VPCEndpoint' ? `endpoint ${service}` : named;
      add(name, place, textsAt(properties, where.subnets), textsAt(properties, where.groups));
    }
  }
  return [...found.values()];
}
