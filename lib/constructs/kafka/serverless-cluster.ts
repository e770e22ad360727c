/** Brokers as MSK Serverless: a cluster that is attached to both VPCs. */
import * as msk from '@aws-cdk/aws-msk-alpha';
import type { CfnResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { KAFKA_PORT } from '../../declaration/limits.ts';
import { closedGroup } from '../network/network.ts';
import type { Brokers, KafkaClusterProps } from './brokers.ts';

export function serverlessCluster(scope: Construct, props: KafkaClusterProps): Brokers {
  const { analytics, services, sparkSecurityGroup, ...network } = props.network;
  const inServices = [network.handlerSecurityGroup, network.connectSecurityGroup, network.sourceSecurityGroup];
  const attach = (name: string, vpc: ec2.Vpc, subnets: ec2.ISubnet[], ...clients: ec2.ISecurityGroup[]) => {
    const group = closedGroup(scope, `${name}Clients`, vpc, `Kafka endpoints in the ${name} VPC`);
    for (const one of clients) group.connections.allowFrom(one, ec2.Port.tcp(KAFKA_PORT), 'Kafka with IAM');
    return { vpc, vpcSubnets: { subnets }, securityGroups: [group] };
  };
  const vpcConfigs = [
    attach('Analytics', analytics, analytics.isolatedSubnets, sparkSecurityGroup),
    attach('Services', services, services.privateSubnets, ...inServices),
  ];
  const { clusterName, removalPolicy } = props;
  const cluster = new msk.ServerlessCluster(scope, 'Cluster', { clusterName, vpcConfigs });
  // Every property of this resource replaces it, tags included, and its data would be lost. Whatever tags the
  // application gets, this removes them from here; a test shows that nothing else of it changes either.
  const resource = cluster.node.defaultChild as CfnResource;
  resource.addPropertyDeletionOverride('Tags');
  resource.applyRemovalPolicy(removalPolicy);
  return { clusterArn: cluster.clusterArn, alarms: [] };
}
