/** Brokers as MSK Express: three in three zones of the VPC of Spark's workers, which handlers and Kafka Connect reach through the peering. */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as msk from 'aws-cdk-lib/aws-msk';
import type { Construct } from 'constructs';
import { EXPRESS_BROKER, KAFKA_PORT } from '../../declaration/limits.ts';
import { logGroup } from '../functions/logged-role.ts';
import { closedGroup } from '../network/network.ts';
import type { Brokers, KafkaClusterProps } from './brokers.ts';

export function expressCluster(scope: Construct, props: KafkaClusterProps): Brokers {
  const { clusterName, network, key, logRetentionDays } = props;
  const { analytics, sparkSecurityGroup, handlerSecurityGroup, connectSecurityGroup, sourceSecurityGroup } = network;
  const group = closedGroup(scope, 'BrokerClients', analytics, 'Kafka brokers');
  for (const client of [sparkSecurityGroup, handlerSecurityGroup, connectSecurityGroup, sourceSecurityGroup]) {
    group.connections.allowFrom(client, ec2.Port.tcp(KAFKA_PORT), 'Kafka with IAM');
  }
  const cluster = new msk.CfnCluster(scope, 'Express', {
    clusterName,
    kafkaVersion: EXPRESS_BROKER.kafkaVersion,
    numberOfBrokerNodes: EXPRESS_BROKER.count,
    brokerNodeGroupInfo: {
      instanceType: EXPRESS_BROKER.size,
      clientSubnets: analytics.isolatedSubnets.map(({ subnetId }) => subnetId),
      securityGroups: [group.securityGroupId],
    },
    clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
    encryptionInfo: {
      encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      ...(key && { encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn } }),
    },
    // What the alarms look at is among these, and free.
    enhancedMonitoring: 'DEFAULT',
    loggingInfo: {
      brokerLogs: {
        cloudWatchLogs: { enabled: true, logGroup: logGroup(scope, 'BrokerLogs', logRetentionDays).logGroupName },
      },
    },
  });
  cluster.applyRemovalPolicy(props.removalPolicy);
  return { clusterArn: cluster.attrArn, alarms: alarmsOf(scope, clusterName) };
}

/** What each broker is sized for: above it MSK slows clients down, or refuses changes of the cluster. */
function alarmsOf(scope: Construct, clusterName: string): cloudwatch.Alarm[] {
  const { megabytesIn, megabytesOut, partitions, count } = EXPRESS_BROKER;
  const limits: readonly [id: string, metricName: string, limit: number, what: string][] = [
    ['BytesIn', 'BytesInPerSec', megabytesIn * 1_000_000, `takes more than ${megabytesIn} MB a second`],
    ['BytesOut', 'BytesOutPerSec', megabytesOut * 1_000_000, `gives more than ${megabytesOut} MB a second`],
    ['Partitions', 'PartitionCount', partitions, `keeps more than ${partitions} partitions, copies among them`],
  ];
  return limits.map(([id, metricName, threshold, what]) => {
    const ofBroker = (broker: number) =>
      new cloudwatch.Metric({
        namespace: 'AWS/Kafka',
        metricName,
        dimensionsMap: { 'Cluster Name': clusterName, 'Broker ID': String(broker) },
        statistic: 'Average',
      });
    const usingMetrics = Object.fromEntries(Array.from({ length: count }, (_, at) => [`b${at + 1}`, ofBroker(at + 1)]));
    const most = new cloudwatch.MathExpression({
      expression: 'MAX(METRICS())',
      usingMetrics,
      label: `most of a broker: ${metricName}`,
      period: Duration.minutes(5),
    });
    return most.createAlarm(scope, id, {
      alarmDescription: `A Kafka broker ${what}, for which it is sized. See docs/runbook.md.`,
      threshold,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: cloudwatch.TreatMissingData.MISSING,
    });
  });
}
