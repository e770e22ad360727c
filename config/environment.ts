/**
 * What an environment is: a typed object per environment comes in, a checked `Environment` goes out, or one error with
 * every mistake. Called by the files beside it; used by the stacks.
 */
import { z } from 'zod';

const cidr = z
  .string()
  .regex(/^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-4])$/, 'an IPv4 range such as 10.20.0.0/16, between /16 and /24');

const schema = z
  .strictObject({
    /** Name of the stage and part of every physical name. */
    name: z.string().regex(/^[a-z][a-z0-9]{1,11}$/, 'a-z and 0-9, first a letter, 2 to 12 characters'),
    /** Account and Region; without them the templates fit every account and the CLI's own are used. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'twelve digits')
      .optional(),
    region: z.string().optional(),
    /** Zones to use when account and Region are explicit; looked up otherwise. */
    zones: z.array(z.string()).min(2, 'at least two zones').optional(),
    network: z.strictObject({ analytics: cidr, services: cidr }),
    spark: z.strictObject({
      /** Most vCPU that the application may use at once; the account's default quota is 16. */
      maximumCores: z.int().min(4).max(4000),
      /** Minutes without work after which the application stops. */
      idleMinutes: z.int().min(1).max(10080),
    }),
    registry: z.strictObject({
      /** Fargate units: 256 is a quarter of a vCPU. */
      cpu: z.union([z.literal(512), z.literal(1024), z.literal(2048)]),
      memoryMiB: z.int().min(1024).max(16384),
      databaseMultiZone: z.boolean(),
      /** JDBC connections of each task; auto-pausing databases are not used, so idle ones cost nothing. */
      databaseConnections: z.int().min(2).max(50),
    }),
    /** What becomes of data when a stack is destroyed. */
    removal: z.enum(['destroy', 'retain']),
    logDays: z.union([z.literal(7), z.literal(30), z.literal(90), z.literal(365)]),
    /** Who hears of alarms. */
    alarmEmail: z.email().optional(),
  })
  .superRefine((environment, context) => {
    if (overlap(environment.network.analytics, environment.network.services)) {
      context.addIssue({ code: 'custom', path: ['network'], message: 'the two ranges overlap; peered VPCs must not' });
    }
    if (environment.zones && !(environment.account && environment.region)) {
      context.addIssue({
        code: 'custom',
        path: ['zones'],
        message: 'are only used with an explicit account and region',
      });
    }
    if (environment.account && environment.region && !environment.zones) {
      context.addIssue({
        code: 'custom',
        path: ['zones'],
        message: 'must be given with an explicit account and region',
      });
    }
    if (environment.name.startsWith('prod') && environment.removal === 'destroy') {
      context.addIssue({ code: 'custom', path: ['removal'], message: 'destroy is not for a production environment' });
    }
  });

/** A checked environment. */
export type Environment = Readonly<z.infer<typeof schema>>;

/** A mistake in an environment's file. */
export class EnvironmentError extends Error {
  readonly code = 'MILLRACE_ENVIRONMENT';
}

/**
 * Checks an environment.
 *
 * @throws EnvironmentError with all mistakes at once
 */
export function defineEnvironment(environment: z.input<typeof schema>): Environment {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const got = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], environment);
    return `  ${environment.name}.${issue.path.join('.')}: ${issue.message}; got ${JSON.stringify(got)}`;
  });
  throw new EnvironmentError(
    `Environment "${environment.name}" is refused. Correct its file in config/.\n${lines.join('\n')}`,
  );
}

function overlap(left: string, right: string): boolean {
  const [a, b] = [parse(left), parse(right)];
  const shared = Math.min(a.bits, b.bits);
  return a.address >>> (32 - shared) === b.address >>> (32 - shared);
}

function parse(range: string): { address: number; bits: number } {
  const [address = '', bits = '0'] = range.split('/');
  return { address: address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) >>> 0, bits: Number(bits) };
}
