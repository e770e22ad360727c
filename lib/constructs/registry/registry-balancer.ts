/**
 * The internal load balancer before the registry, with two listeners: one on which jobs can only read, and one for the
 * handlers that register schemas.
 */
import { Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { closedGroup, type Network } from '../network/network.ts';
import { ACCESS_LOG_PREFIXES } from '../storage/access-logs.ts';

export interface RegistryBalancerProps {
  readonly network: Network;
  readonly service: ecs.FargateService;
  readonly accessLogs: IBucket;
  /**
   * ARN of a certificate for `registry.<zone>`.
   * @default none: callers use HTTP inside the two VPCs
   */
  readonly certificateArn?: string;
}

/** Port of the API in a task. */
export const API_PORT = 8080;

/** Health and metrics have a port of their own since Apicurio Registry 3.2. */
export const MANAGEMENT_PORT = 9000;

/** Who calls which listener, and for what: port without and with a certificate, paths and methods, of which a rule holds five together. */
const LISTENERS = {
  /** What jobs and clients of the Confluent kind read. */
  Read: {
    port: 8080,
    securePort: 8443,
    paths: ['/apis/registry/v3/ids/*', '/apis/registry/v3/groups/*', '/apis/ccompat/v7/*'],
    methods: ['GET', 'HEAD'],
  },
  /** What the handlers do with schemas and their rules; nothing of the registry's own administration. */
  Write: {
    port: 8081,
    securePort: 8444,
    paths: ['/apis/registry/v3/groups/default/artifacts*'],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
  },
} as const;

/** The load balancer, its listeners and its name. */
export class RegistryBalancer extends Construct {
  readonly readUrl: string;
  /** Address at which handlers register schemas. */
  readonly writeUrl: string;
  private readonly targets: elb.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: RegistryBalancerProps) {
    super(scope, id);
    const { network, service } = props;
    const group = closedGroup(this, 'Group', network.services, 'Load balancer of the registry');
    const balancer = new elb.ApplicationLoadBalancer(this, 'Resource', {
      vpc: network.services,
      internetFacing: false,
      securityGroup: group,
      vpcSubnets: { subnets: network.services.privateSubnets },
      dropInvalidHeaderFields: true,
    });
    // The L2's logAccessLogs needs to know the Region when it is synthesized.
    balancer.setAttribute('access_logs.s3.enabled', 'true');
    balancer.setAttribute('access_logs.s3.bucket', props.accessLogs.bucketName);
    balancer.setAttribute('access_logs.s3.prefix', ACCESS_LOG_PREFIXES.registry);
    this.targets = new elb.ApplicationTargetGroup(this, 'Targets', {
      vpc: network.services,
      port: API_PORT,
      protocol: elb.ApplicationProtocol.HTTP,
      targets: [service],
      deregistrationDelay: Duration.seconds(30),
      healthCheck: {
        path: '/health/ready',
        port: String(MANAGEMENT_PORT),
        interval: Duration.seconds(15),
        healthyThresholdCount: 2,
      },
    });
    service.connections.allowFrom(group, ec2.Port.tcp(MANAGEMENT_PORT), 'health check');
    this.readUrl = this.listen(balancer, props, 'Read', network.sparkSecurityGroup);
    this.writeUrl = this.listen(balancer, props, 'Write', network.handlerSecurityGroup);
    const record = new route53.ARecord(this, 'Name', {
      zone: network.zone,
      recordName: 'registry',
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
    });
    // Whoever resolves the name finds a registry behind it.
    record.node.addDependency(service);
  }

  /** Fires when no task is healthy. */
  healthAlarm(): cloudwatch.Alarm {
    return this.targets.metrics
      .healthyHostCount({ period: Duration.minutes(1), statistic: 'Maximum' })
      .createAlarm(this, 'Health', {
        alarmDescription: 'No task of the schema registry is healthy. See docs/runbook.md.',
        threshold: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: 5,
        treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      });
  }

  /** Adds a listener that answers 403 to everything but its paths and methods; returns its address. */
  private listen(
    balancer: elb.ApplicationLoadBalancer,
    { network, certificateArn }: RegistryBalancerProps,
    name: keyof typeof LISTENERS,
    clients: ec2.ISecurityGroup,
  ): string {
    const { paths, methods } = LISTENERS[name];
    const port = certificateArn ? LISTENERS[name].securePort : LISTENERS[name].port;
    const listener = balancer.addListener(name, {
      open: false,
      port,
      protocol: certificateArn ? elb.ApplicationProtocol.HTTPS : elb.ApplicationProtocol.HTTP,
      certificates: certificateArn
        ? [Certificate.fromCertificateArn(this, `${name}Certificate`, certificateArn)]
        : undefined,
      defaultAction: elb.ListenerAction.fixedResponse(403, {
        contentType: 'text/plain',
        messageBody: 'This address of the registry does not allow this.',
      }),
    });
    listener.addAction('Api', {
      priority: 1,
      conditions: [
        elb.ListenerCondition.pathPatterns([...paths]),
        elb.ListenerCondition.httpRequestMethods([...methods]),
      ],
      action: elb.ListenerAction.forward([this.targets]),
    });
    balancer.connections.allowFrom(clients, ec2.Port.tcp(port), `registry, ${name}`);
    return `${certificateArn ? 'https' : 'http'}://registry.${network.zone.zoneName}:${port}`;
  }
}
