/**
 * Who reaches whom in a network. A connection counts when security groups on both sides allow it and every subnet routes to every other,
 * and back.
 */
import { holds, meets } from './addresses.ts';
import { type Concrete, ofType } from './concrete.ts';
import { textsAt } from './json.ts';
import { type Attachment, type Graph, graphOf, type Rule, type Subnet } from './network.ts';

/** A port that no rule names: reachable only under a rule that is too wide. */
const SENTINEL_PORT = 22;

/** One line per connection, such as `spark -> kafka in analytics: 9098`. */
export function connections(resources: readonly Concrete[]): string[] {
  const graph = graphOf(resources);
  const ports = new Set([SENTINEL_PORT]);
  for (const rule of graph.rules) {
    for (const port of [rule.from, rule.to]) if (carries(rule, port) && port > 0 && port < 65_535) ports.add(port);
  }
  const sorted = [...ports].sort((a, b) => a - b);
  const named = (open: readonly number[]): string => (open.includes(SENTINEL_PORT) ? 'every port' : open.join(', '));
  const lines: string[] = [];
  for (const from of graph.attachments) {
    for (const to of graph.attachments) {
      if (from === to && !/^(spark|connect)/.test(from.name)) continue;
      const open = sorted.filter((port) => reaches(graph, from, to, port));
      if (open.length > 0) lines.push(`${from.name} -> ${to.name}: ${named(open)}`);
    }
    const out = sorted.filter((port) => reachesInternet(graph, from, port));
    if (out.length > 0) lines.push(`${from.name} -> internet: ${named(out)}`);
  }
  return [...new Set(lines)].sort();
}

function reaches(graph: Graph, from: Attachment, to: Attachment, port: number): boolean {
  return obstacles(graph, from, to, port).length === 0;
}

/** What stands between two attachments: rules and routes that are missing, each with its place. */
function obstacles(graph: Graph, from: Attachment, to: Attachment, port: number): string[] {
  const allowed = (own: Attachment, direction: 'in' | 'out', other: Attachment): boolean =>
    graph.rules.some(
      (rule) =>
        own.groups.includes(rule.group) &&
        rule.direction === direction &&
        carries(rule, port) &&
        (rule.peerGroup === undefined
          ? other.subnets.every((subnet) => rule.peerRange !== undefined && holds(rule.peerRange, subnet.range))
          : other.groups.includes(rule.peerGroup)),
    );
  const found: string[] = [];
  if (!allowed(from, 'out', to))
    found.push(`${from.place}: group ${from.groups} has no egress to ${to.name} on ${port}`);
  if (!allowed(to, 'in', from)) found.push(`${to.place}: group ${to.groups} has no ingress of ${from.name} on ${port}`);
  for (const here of from.subnets) {
    for (const there of to.subnets) {
      for (const [one, other] of [
        [here, there],
        [there, here],
      ] as const) {
        if (!routed(graph, one, other)) {
          found.push(`route table ${one.routeTable} of subnet ${one.id} has no route to ${other.range} of ${other.id}`);
        }
      }
    }
  }
  return found;
}

/** Why a connection of the table, such as `spark -> balancer: 8080`, is not there. */
export function whyMissing(resources: readonly Concrete[], line: string): string[] {
  const graph = graphOf(resources);
  const [, from, to, ports = ''] = /^(.+) -> (.+): (.+)$/.exec(line) ?? [];
  const [start, end] = [from, to].map((name) => graph.attachments.find((one) => one.name === name));
  if (!start || !end) return [`${line}: the templates have no ${start ? to : from}`];
  const asked = ports === 'every port' ? [SENTINEL_PORT] : ports.split(', ').map(Number);
  return [...new Set(asked.flatMap((port) => obstacles(graph, start, end, port)))].map((why) => `${line}: ${why}`);
}

const carries = (rule: Rule, port: number): boolean =>
  ['tcp', '6', '-1'].includes(rule.protocol) && rule.from <= port && port <= rule.to;

/** Whether the route of the longest prefix leads there. */
function routed(graph: Graph, from: Subnet, to: Subnet): boolean {
  const route = bestRoute(graph, from, to.range);
  if (!route) return false;
  if (route.target === 'local') return from.vpc === to.vpc;
  const ends = graph.peerings.get(route.target);
  return ends?.includes(from.vpc) === true && ends.includes(to.vpc) && from.vpc !== to.vpc;
}

function bestRoute(graph: Graph, from: Subnet, range: string) {
  const length = (route: { range: string }): number => Number(route.range.split('/')[1]);
  return (graph.routes.get(from.routeTable ?? '') ?? [])
    .filter((route) => holds(route.range, range))
    .sort((a, b) => length(b) - length(a))[0];
}

function reachesInternet(graph: Graph, from: Attachment, port: number): boolean {
  const open = graph.rules.some(
    (rule) =>
      from.groups.includes(rule.group) &&
      rule.direction === 'out' &&
      rule.peerRange === '0.0.0.0/0' &&
      carries(rule, port),
  );
  // An address of the internet that no private range holds.
  return open && from.subnets.some((subnet) => bestRoute(graph, subnet, '198.51.100.1/32') !== undefined);
}

/** What must hold of every network, whoever talks in it. */
export function networkFindings(resources: readonly Concrete[]): string[] {
  const graph = graphOf(resources);
  return [
    ...vpcFindings(graph),
    ...ingressFindings(graph),
    ...sparkFindings(graph, resources),
    ...zoneFindings(graph, resources),
  ];
}

function vpcFindings(graph: Graph): string[] {
  const findings: string[] = [];
  for (const [index, vpc] of graph.vpcs.entries()) {
    for (const name of ['EnableDnsSupport', 'EnableDnsHostnames']) {
      if (vpc.properties[name] !== true)
        findings.push(`${vpc.place}: ${name} must be true, or private names of Kafka and of endpoints do not resolve`);
    }
    for (const other of graph.vpcs.slice(index + 1)) {
      const [a, b] = [String(vpc.properties.CidrBlock), String(other.properties.CidrBlock)];
      if (meets(a, b)) findings.push(`${vpc.place}: CidrBlock ${a} overlaps ${b} of ${other.place}`);
    }
  }
  for (const { name, place, subnets } of graph.attachments) {
    const zones = new Set(subnets.map((subnet) => subnet.zone));
    // An endpoint may be in one zone to save cost; the others reach it from there.
    if (zones.size < 2 && !name.startsWith('endpoint'))
      findings.push(`${place}: ${name} has subnets in ${zones.size} zone, two are needed`);
    for (const { id, routeTable } of subnets)
      if (!routeTable) findings.push(`${place}: subnet ${id} of ${name} has no route table`);
  }
  return findings;
}

function ingressFindings(graph: Graph): string[] {
  return graph.rules
    .filter((rule) => rule.direction === 'in' && ['0.0.0.0/0', '::/0'].includes(rule.peerRange ?? ''))
    .map((rule) => `${rule.place}: ports ${rule.from}-${rule.to} are open to the world (${rule.peerRange})`);
}

/** What Spark reaches through gateway endpoints, and what each could reach without a policy. */
const GATEWAYS = [
  ['s3', 'S3', 'every bucket of every account'],
  ['dynamodb', 'DynamoDB', 'every table of every account'],
] as const;

/** Spark's subnets have no way out but the gateway endpoints of S3 and DynamoDB. */
function sparkFindings(graph: Graph, resources: readonly Concrete[]): string[] {
  const findings: string[] = [];
  const endpoints = ofType(resources, 'AWS::EC2::VPCEndpoint');
  const gatewaysOf = (service: string) =>
    endpoints.filter(
      ({ properties }) =>
        String(properties.ServiceName).endsWith(`.${service}`) &&
        (properties.VpcEndpointType ?? 'Gateway') === 'Gateway',
    );
  for (const [service, , reached] of GATEWAYS) {
    for (const { place, properties } of gatewaysOf(service)) {
      if (properties.PolicyDocument !== undefined) continue;
      findings.push(`${place}: PolicyDocument is missing, so that ${reached} can be reached`);
    }
  }
  for (const spark of graph.attachments.filter(({ name }) => name === 'spark')) {
    for (const { id, routeTable = '' } of spark.subnets) {
      for (const [service, name] of GATEWAYS) {
        if (gatewaysOf(service).some(({ properties }) => textsAt(properties, 'RouteTableIds').includes(routeTable))) {
          continue;
        }
        findings.push(`${spark.place}: route table ${routeTable} of subnet ${id} has no ${name} gateway endpoint`);
      }
      for (const route of graph.routes.get(routeTable) ?? []) {
        if (route.target !== 'local' && !graph.peerings.has(route.target)) {
          findings.push(`${route.place}: a route to ${route.range} by ${route.target} leads out of Spark's network`);
        }
      }
    }
  }
  return findings;
}

/** A private zone is of use where it is associated only. */
function zoneFindings(graph: Graph, resources: readonly Concrete[]): string[] {
  return ofType(resources, 'AWS::Route53::HostedZone').flatMap(({ place, properties }) => {
    const associated = (Array.isArray(properties.VPCs) ? properties.VPCs : []).map((vpc) => String(vpc.VPCId));
    return graph.vpcs
      .filter((vpc) => !associated.includes(vpc.id))
      .map((vpc) => `${place}: VPCs lacks ${vpc.place}, whose members could not resolve the registry's name`);
  });
}
