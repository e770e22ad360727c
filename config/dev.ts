/** The environment `dev`: small, and gone without a trace when destroyed. */
import { defineEnvironment } from './environment.ts';

export default defineEnvironment({
  name: 'dev',
  network: { analytics: '10.20.0.0/16', services: '10.21.0.0/16' },
  spark: { maximumCores: 16, idleMinutes: 15 },
  registry: { cpu: 512, memoryMiB: 2048, databaseMultiZone: false, databaseConnections: 10 },
  removal: 'destroy',
  logDays: 7,
});
