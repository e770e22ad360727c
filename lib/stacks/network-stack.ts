/** The network of an environment. Called by the environment's stage. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { Network } from '../constructs/network.ts';

export class NetworkStack extends Stack {
  readonly network: Network;

  constructor(scope: Construct, id: string, props: StackProps & { readonly environment: Environment }) {
    super(scope, id, props);
    const { environment } = props;
    this.network = new Network(this, 'Network', {
      analyticsRange: environment.network.analytics,
      servicesRange: environment.network.services,
      zoneName: `${environment.name}.millrace.internal`,
      zones: environment.zones,
      logRetention: environment.logDays,
    });
  }
}
