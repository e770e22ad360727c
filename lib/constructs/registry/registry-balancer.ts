/**
 * The internal load balancer before the registry, with two listeners: one on which jobs can only read, and one with all
 * methods for the handlers that register schemas. Network, certificate and service come in; both addresses go out.
 * Called by the registry's construct.
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
import type { Network } from '../network/network.ts';
import { ACCESS_LOG_PREFIXES } from '../storage/access-logs.ts';

export interface RegistryBalancerProps {
  readonly network: Network;
  readonly service: ecs.FargateService;
  /** Port of the API in the task. */
  readonly apiPort: number;
  /** Port in the task that tells health. */
  readonly managementPort: number;
  readonly accessLogs: IBucket;
  /**
   * ARN of a certificate for `registry.<zone>`.
   * @default none: callers use HTTP inside the two VPCs
   */
  readonly certificateArn?: string;
}

/** Who calls which listener: port without and with a certificate. */
const LISTENERS = {
  Read: { port: 8080, securePort: 8443, methods: ['GET', 'HEAD'] },
  Write: { port: 8081, securePort: 8444, methods: undefined },
} as const;

/** The load balancer, its listeners and its name. */
export class RegistryBalancer extends Construct {
  /** Address at which jobs read schemas. */
  readonly readUrl: string;
  /** Address at which handlers register schemas. */
  readonly writeUrl: string;
  private readonly targets: elb.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: RegistryBalancerProps) {
    super(scope, id);
    const { network, service } = props;
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc: network.services,
      description: 'Load balancer of the registry',
      allowAllOutbound: false,
    });
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
      port: props.apiPort,
      protocol: elb.ApplicationProtocol.HTTP,
      targets: [service],
      deregistrationDelay: Duration.seconds(30),
      healthCheck: {
        path: '/health/ready',
        port: String(props.managementPort),
        interval: Duration.seconds(15),
        healthyThresholdCount: 2,
      },
    });
    service.connections.allowFrom(group, ec2.Port.tcp(props.managementPort), 'health check');
    this.listen(balancer, props, 'Read', network.sparkSecurityGroup);
    this.listen(balancer, props, 'Write', network.handlerSecurityGroup);
    const record = new route53.ARecord(this, 'Name', {
      zone: network.zone,
      recordName: 'registry',
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
    });
    // Whoever resolves the name finds a registry behind it.
    record.node.addDependency(service);
    const url = ({ port, securePort }: { port: number; securePort: number }): string =>
      props.certificateArn
        ? `https://registry.${network.zone.zoneName}:${securePort}`
        : `http://registry.${network.zone.zoneName}:${port}`;
    this.readUrl = url(LISTENERS.Read);
    this.writeUrl = url(LISTENERS.Write);
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

  /** A listener that answers 403 to everything but the API, and there to everything but its methods. */
  private listen(
    balancer: elb.ApplicationLoadBalancer,
    props: RegistryBalancerProps,
    name: keyof typeof LISTENERS,
    clients: ec2.ISecurityGroup,
  ): void {
    const { port, securePort, methods } = LISTENERS[name];
    const { certificateArn } = props;
    const listener = balancer.addListener(name, {
      open: false,
      ...(certificateArn
        ? {
            port: securePort,
            protocol: elb.ApplicationProtocol.HTTPS,
            certificates: [Certificate.fromCertificateArn(this, `${name}Certificate`, certificateArn)],
          }
        : { port, protocol: elb.ApplicationProtocol.HTTP }),
      defaultAction: elb.ListenerAction.fixedResponse(403, {
        contentType: 'text/plain',
        messageBody: 'This address of the registry does not allow this.',
      }),
    });
    listener.addAction('Api', {
      priority: 1,
      conditions: [
        elb.ListenerCondition.pathPatterns(['/apis/*']),
        ...(methods ? [elb.ListenerCondition.httpRequestMethods([...methods])] : []),
      ],
      action: elb.ListenerAction.forward([this.targets]),
    });
    balancer.connections.allowFrom(clients, ec2.Port.tcp(certificateArn ? securePort : port), `registry, ${name}`);
  }
}
