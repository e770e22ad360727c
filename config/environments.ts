/** All environments, in the order in which they are synthesized. Imported by the CDK app. */
import dev from './dev.ts';
import type { Environment } from './environment.ts';

export const environments: readonly Environment[] = [dev];
