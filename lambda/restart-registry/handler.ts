/**
 * Lambda behind the rule on rotations: the ARNs of what it looks at come in; whether the registry's tasks were restarted
 * goes out. The work is in `core.ts`; here are the calls of AWS behind its ports.
 */
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type RestartPorts, restartAfterRotation } from './core.ts';

interface Watched {
  readonly cluster: string;
  readonly service: string;
  readonly secret: string;
}

function ports({ cluster, service, secret }: Watched): RestartPorts {
  const ecs = new ECSClient();
  const secrets = new SecretsManagerClient();
  return {
    async rotatedAt() {
      return (await secrets.send(new DescribeSecretCommand({ SecretId: secret }))).LastRotatedDate;
    },
    async deployedAt() {
      const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
      return services?.[0]?.deployments?.find(({ status }) => status === 'PRIMARY')?.createdAt;
    },
    async restart() {
      await ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
    },
  };
}

export const handler = async (watched: Watched): Promise<{ restarted: boolean }> => ({
  restarted: await restartAfterRotation(ports(watched)),
});
