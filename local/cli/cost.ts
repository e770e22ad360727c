/**
 * `millrace cost`: what an environment costs, from its configuration and the declarations. Takes the environment's name, prints a table
 * or JSON, needs neither an account nor the services. Called by `main.ts`.
 */
import { checkEnvironments, type Environment } from '../../config/environment.ts';
import { environments } from '../../config/environments.ts';
import { estimate } from '../cost/estimate.ts';
import { PRICES_READ, PRICES_REGION } from '../cost/prices.ts';
import { renderEstimate } from '../cost/render.ts';
import { MillraceError } from '../errors.ts';
import { type Context, pipelines } from './context.ts';

/** Prints the estimate. */
export async function cost(context: Pick<Context, 'json' | 'print'>, options: { env: string }): Promise<number> {
  const environment = environmentOf(options.env);
  const declared = await pipelines();
  checkEnvironments([environment], declared);
  const result = estimate(environment, declared);
  const read = { currency: 'USD', region: PRICES_REGION, pricesRead: PRICES_READ };
  context.print(context.json ? JSON.stringify({ ...read, ...result }) : renderEstimate(result));
  return 0;
}

function environmentOf(name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (found) return found;
  const allowed = environments.map((environment) => environment.name).join(', ');
  throw new MillraceError(
    'UNKNOWN_ENVIRONMENT',
    `There is no environment "${name}". Allowed: ${allowed}. Environments are the files in config/.`,
  );
}
