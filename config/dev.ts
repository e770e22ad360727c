/** The environment `dev`: small, in one zone where that saves money, and gone without a trace when destroyed. */
import type { Environment } from './environment.ts';

export const dev: Environment = {
  name: 'dev',
  network: { analytics: '10.20.0.0/16', services: '10.21.0.0/16', exits: 'one-zone' },
  spark: { maximumCores: 16, idleMinutes: 15 },
  registry: {
    tasks: 1,
    cpu: 512,
    memoryMiB: 2048,
    databaseSize: 'micro',
    databaseMultiZone: false,
    databaseConnections: 10,
    backupDays: 1,
  },
  datasets: true,
  databases: { leastUnits: 0, mostUnits: 2, standby: false, backupDays: 1 },
  removal: 'destroy',
  logDays: 7,
  monthlySpendLimit: 700,
};
