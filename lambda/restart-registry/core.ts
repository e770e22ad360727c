/**
 * Restarts the registry's tasks after the database's password was rotated, since ECS reads a secret only when a task
 * starts: two moments come in, whether it restarted goes out. Called by the handler beside it.
 */

/** What the work needs of Secrets Manager and ECS. */
export interface RestartPorts {
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
