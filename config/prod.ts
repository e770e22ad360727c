/**
 * The environment `prod`: every part in two zones, and its data outlives the stacks. Before it is deployed, put a domain of yours into
 * `zoneName`, a certificate for `registry.<zoneName>` into `certificateArn` and an address whose mail is read into `alarmEmail`, and have the
 * account's EMR Serverless quota raised to as many vCPU as its pipelines need.
 */
import type { Environment } from './environment.ts';

export const prod: Environment = {
  name: 'prod',
  network: {
    analytics: '10.30.0.0/16',
    services: '10.31.0.0/16',
    exits: 'every-zone',
    zoneName: 'millrace.example.com',
  },
  spark: { maximumCores: 16, idleMinutes: 15 },
  registry: {
    tasks: 2,
    cpu: 512,
    memoryMiB: 2048,
    databaseSize: 'small',
    databaseMultiZone: true,
    databaseConnections: 10,
    backupDays: 14,
    // Nobody's: a placeholder for yours, as the domain above is.
    certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
  },
  datasets: true,
  databases: { leastUnits: 0.5, mostUnits: 8, standby: true, backupDays: 14 },
  removal: 'retain',
  logDays: 90,
  // Nobody reads it: a placeholder for yours.
  alarmEmail: 'alarms@example.com',
  monthlySpendLimit: 1_500,
};
