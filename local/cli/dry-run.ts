/** `millrace run <pipeline> --dry-run`: what an execution would start, as the deployed prepare function says it; nothing is started. */
import type { Spec } from '../../lib/declaration/spec.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { type Deployment, invokeFunction, LambdaError } from '../cloudformation/index.ts';
import { deployedPlanOf } from '../emr/streams.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import type { JsonObject } from '../stepfunctions/task.ts';
import type { Context } from './context.ts';

const lists = ['streams', 'during', 'drains', 'after'] as const;

/** What the prepare function gives, as far as it is shown. */
type Prepared = Readonly<Record<(typeof lists)[number], readonly Started[]>> & { readonly action: string };

interface Started {
  readonly run: string;
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly submitParameters: string;
}

export async function dryRun(
  { home, json, print, signal }: Pick<Context, 'home' | 'json' | 'print' | 'signal'>,
  pipeline: string,
  input: JsonObject,
  deployment: Deployment,
): Promise<number> {
  const machine = deployedPipelines(deployment).get(pipeline);
  const deployed = machine && deployedPlanOf(machine, deployment.environment, home);
  const prepare = deployment.resources.find(
    ({ type, physicalId, attributes }) =>
      type === 'AWS::Lambda::Function' && [physicalId, attributes.Arn].includes(deployed?.prepareFunction),
  );
  if (!deployed || !prepare) {
    throw new MillraceError('NOT_UP', `Pipeline "${pipeline}" is not deployed here. Run "npx millrace up" first.`);
  }
  const event = { ...deployed.event, execution: { name: 'dry-run' }, input };
  const prepared = (await invokeFunction(home, prepare, event, { signal }).catch((error: unknown) => {
    if (!(error instanceof LambdaError)) throw error;
    const code = error.name === 'InvalidInput' ? 'INVALID_INPUT' : 'NOT_PREPARED';
    throw new MillraceError(code, error.message);
  })) as Prepared;
  const starts = lists.map((list) => [list, prepared[list].map(startedOf)] as const);
  if (json) {
    print(JSON.stringify({ pipeline, action: prepared.action, ...Object.fromEntries(starts) }));
    return 0;
  }
  print(`${pipeline}: ${prepared.action}, which would start`);
  for (const [list, runs] of starts) {
    for (const { run, entryPoint, spec } of runs) {
      print(`\n${run} (${list})  ${entryPoint}\n${JSON.stringify(spec, null, 2)}`);
    }
  }
  return 0;
}

function startedOf({ run, entryPoint, submitParameters, arguments: [, spec = ''] }: Started) {
  return { run, entryPoint, submitParameters, spec: JSON.parse(spec) as Spec };
}
