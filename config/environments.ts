/** All environments, in the order in which they are synthesized. Imported by the CDK app, which checks them. */
import { dev } from './dev.ts';
import type { Environment } from './environment.ts';
import { prod } from './prod.ts';

export const environments: readonly Environment[] = [dev, prod];
