/** `millrace cost`: what an environment costs on AWS, from its configuration and the declarations. Needs neither an account nor the services. */
import { checkEnvironments } from '../../config/environment.ts';
import { estimate } from '../../tools/cost/estimate.ts';
import { PRICES_READ, PRICES_REGION } from '../../tools/cost/prices.ts';
import { renderEstimate } from '../../tools/cost/render.ts';
import { type Context, environmentOf, pipelines } from './context.ts';

export async function cost(context: Pick<Context, 'json' | 'print'>, options: { env: string }): Promise<number> {
  const environment = await environmentOf(options.env);
  const declared = await pipelines();
  checkEnvironments([environment], declared);
  const result = estimate(environment, declared);
  const read = { currency: 'USD', region: PRICES_REGION, pricesRead: PRICES_READ };
  context.print(context.json ? JSON.stringify({ ...read, ...result }) : renderEstimate(result));
  return 0;
}
