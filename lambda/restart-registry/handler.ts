/** Restarts the registry's tasks after a rotation of their password: ECS reads a secret when a task starts. */
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

interface RestartPorts {
  /** When the password was rotated; undefined before the first rotation. */
  rotatedAt(): Promise<Date | undefined>;
  /** When the tasks that run, or that are being started, were ordered; undefined when the service is gone. */
  deployedAt(): Promise<Date | undefined>;
  restart(): Promise<void>;
}

/** Restarts once per rotation: the deployment that it starts is younger than the rotation. */
export async function restartAfterRotation(ports: RestartPorts): Promise<boolean> {
  const [rotated, deployed] = await Promise.all([ports.rotatedAt(), ports.deployedAt()]);
  if (!rotated || !deployed || rotated < deployed) return false;
  await ports.restart();
  return true;
}

export async function handler(watched: Readonly<Record<'cluster' | 'service' | 'secret', string>>) {
  const { cluster, service, secret } = watched;
  const ecs = new ECSClient();
  const restarted = await restartAfterRotation({
    async rotatedAt() {
      return (await new SecretsManagerClient().send(new DescribeSecretCommand({ SecretId: secret }))).LastRotatedDate;
    },
    async deployedAt() {
      const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
      return services?.[0]?.deployments?.find(({ status }) => status === 'PRIMARY')?.createdAt;
    },
    async restart() {
      await ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
    },
  });
  return { restarted };
}
