/** What all else of an environment stands on: the network, where access logs go, and who hears of trouble. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CatalogEndpoint, ItemsEndpoint, LogsEndpoint } from '../constructs/network/endpoints.ts';
import { Network } from '../constructs/network/network.ts';
import { Alerts } from '../constructs/observability/alerts.ts';
import { AccessLogs } from '../constructs/storage/access-logs.ts';
import { CustomerKey } from '../constructs/storage/customer-key.ts';
import { datasetDatabase, stackNameOf } from '../declaration/names.ts';
import { type EnvironmentStackProps, exportAll, removalPolicyOf } from './shared.ts';

export class NetworkStack extends Stack {
  readonly network: Network;
  readonly accessLogs: AccessLogs;
  readonly alerts: Alerts;
  /** Only where the environment brings its own. */
  readonly key: CustomerKey | undefined;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { environment } = props;
    if (environment.keys === 'customer') {
      const name = `millrace-${environment.name}`;
      this.key = new CustomerKey(this, 'Key', { name, removalPolicy: removalPolicyOf(environment) });
      exportAll(this, this.key.keyArn);
    }
    this.network = new Network(this, 'Network', {
      ...environment.network,
      zoneName: environment.network.zoneName ?? `${environment.name}.millrace.internal`,
      logRetentionDays: environment.logDays,
      logAccepted: environment.removal === 'retain',
      zones: environment.zones,
    });
    const { services, sparkSecurityGroup, handlerSecurityGroup } = this.network;
    exportAll(this, services.vpcId, sparkSecurityGroup.securityGroupId, handlerSecurityGroup.securityGroupId);
    exportAll(this, ...services.isolatedSubnets.map(({ subnetId }) => subnetId));
    new LogsEndpoint(this, 'JobLogs', this.network);
    if (environment.datasets) new CatalogEndpoint(this, 'Catalog', this.network, datasetDatabase(environment.name));
    // Free, and so also where no pipeline has items.
    new ItemsEndpoint(this, 'Items', {
      network: this.network,
      prefix: stackNameOf(environment.name, ''),
      logRetentionDays: environment.logDays,
    });
    this.accessLogs = new AccessLogs(this, 'AccessLogs', {
      days: environment.logDays,
      removalPolicy: removalPolicyOf(environment),
    });
    this.alerts = new Alerts(this, 'Alerts', {
      monthlySpendLimit: environment.monthlySpendLimit,
      email: environment.alarmEmail,
    });
  }
}
