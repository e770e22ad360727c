/** List prices of us-east-1, on demand, without free tiers, taxes, savings plans and support, each with where it was read. */

/** Price of one unit. */
export interface Price {
  readonly dollars: number;
  readonly per: string;
  /** Where the figure was read, and what is uncertain about it. */
  readonly source: string;
}

/** The day on which copies of the price lists were read last. */
export const PRICES_READ = '2026-11-21';

export const PRICES_REGION = 'us-east-1';

/** Hours of a month in AWS's own examples: 8,760 hours a year by twelve. */
export const HOURS_A_MONTH = 730;

const LIST = 'copy of the public price list, November 2026';
const TWO_COPIES = 'two copies of the public price list in other projects, agreeing; not in the list that was read';
const RDS = 'guides to prices of RDS by others than AWS, copies of 2026';
const CLOUDWATCH = 'guides to prices of CloudWatch by others than AWS, copies of February and June 2026';
const UNDATED = 'guides by others than AWS, copies without a date';

/** EMR Serverless on ARM64 costs a fifth less than on x86, as AWS announced; the list's own digits for ARM64 were not found. */
const ARM = 0.8;
const EMR =
  'price of x86 in a copy of the public price list, November 2026, less the fifth that AWS announced for ARM64';

export const PRICES = {
  kafkaCluster: { dollars: 0.75, per: 'cluster-hour', source: LIST },
  kafkaPartition: { dollars: 0.0015, per: 'partition-hour', source: LIST },
  expressBroker: { dollars: 0.408, per: 'express.m7g.large-hour', source: TWO_COPIES },
  natGateway: { dollars: 0.045, per: 'gateway-hour', source: LIST },
  publicAddress: { dollars: 0.005, per: 'address-hour', source: 'AWS announced it for February 2024' },
  interfaceEndpoint: { dollars: 0.01, per: 'endpoint-hour and zone', source: LIST },
  fargateCore: { dollars: 0.04048, per: 'vCPU-hour', source: LIST },
  fargateMemory: { dollars: 0.004445, per: 'GB-hour', source: LIST },
  functionMemory: { dollars: 0.0000133334 * 3600, per: 'GB-hour of an ARM64 function', source: UNDATED },
  loadBalancer: { dollars: 0.0225, per: 'balancer-hour', source: LIST },
  databaseMicro: { dollars: 0.016, per: 'db.t4g-hour', source: RDS },
  databaseSmall: { dollars: 0.032, per: 'db.t4g-hour', source: RDS },
  databaseMedium: { dollars: 0.065, per: 'db.t4g-hour', source: RDS },
  databaseStorage: { dollars: 0.115, per: 'GB-month of gp3', source: RDS },
  auroraUnit: { dollars: 0.12, per: 'capacity-unit-hour', source: RDS },
  auroraStorage: { dollars: 0.1, per: 'GB-month of Aurora', source: RDS },
  itemStorage: { dollars: 0.25, per: 'GB-month of DynamoDB', source: "a copy of AWS's own page, without a date" },
  secret: { dollars: 0.4, per: 'secret-month', source: UNDATED },
  key: { dollars: 1, per: 'key-month', source: UNDATED },
  hostedZone: { dollars: 0.5, per: 'zone-month', source: UNDATED },
  alarm: { dollars: 0.1, per: 'alarm-month', source: UNDATED },
  dashboard: { dollars: 3, per: 'dashboard-month', source: CLOUDWATCH },
  metric: { dollars: 0.3, per: 'metric-month', source: CLOUDWATCH },
  logLines: { dollars: 0.5, per: 'GB of log lines', source: CLOUDWATCH },
  sparkCore: { dollars: 0.052624 * ARM, per: 'vCPU-hour', source: EMR },
  sparkMemory: { dollars: 0.0057785 * ARM, per: 'GB-hour', source: EMR },
  request: { dollars: 0.005 / 1000, per: 'request that writes or lists', source: UNDATED },
  readRequest: { dollars: 0.0004 / 1000, per: 'request that reads', source: UNDATED },
  transition: { dollars: 0.025 / 1000, per: 'transition', source: LIST },
} as const satisfies Record<string, Price>;
