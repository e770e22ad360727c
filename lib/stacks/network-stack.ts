/**
 * What all else of an environment stands on: the network, where access logs go, and who hears of trouble. Called by the
 * environment's stage.
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { LogsEndpoint } from '../constructs/network/logs-endpoint.ts';
import { Network } from '../constructs/network/network.ts';
import { Alerts } from '../constructs/observability/alerts.ts';
import { AccessLogs } from '../constructs/storage/access-logs.ts';
import { removalPolicyOf } from './removal-policy.ts';

export interface NetworkStackProps extends StackProps {
  readonly environment: Environment;
}

export class NetworkStack extends Stack {
  readonly network: Network;
  readonly accessLogs: AccessLogs;
  readonly alerts: Alerts;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const { environment } = props;
    const { analytics, services, exits, zoneName } = environment.network;
    this.network = new Network(this, 'Network', {
      analyticsRange: analytics,
      servicesRange: services,
      zoneName: zoneName ?? `${environment.name}.millrace.internal`,
      exits,
      logRetention: environment.logDays,
      ...(environment.zones ? { zones: environment.zones } : {}),
    });
    new LogsEndpoint(this, 'JobLogs', { network: this.network });
    this.accessLogs = new AccessLogs(this, 'AccessLogs', {
      days: environment.logDays,
      removalPolicy: removalPolicyOf(environment),
    });
    this.alerts = new Alerts(this, 'Alerts', {
      monthlySpendLimit: environment.monthlySpendLimit,
      ...(environment.alarmEmail ? { email: environment.alarmEmail } : {}),
    });
  }
}
