/**
 * Each grant of a state machine's role, removed alone: some execution is then denied and names it, or it is in the list of those that only an account
 * exercises. What no execution asks for would go unseen otherwise.
 */
import { describe, expect, it } from 'vitest';
import { orderOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { kebab, runNamePrefix } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import type { AccessFile, AccessRole } from '../../local/iam/access.ts';
import { Account } from '../../local/iam/decide.ts';
import { accessOf } from '../../local/iam/deployed-access.ts';
import { type Grant, usageOf } from '../../local/iam/usage.ts';
import { decidedTasks } from '../../local/stepfunctions/decided-tasks.ts';
import type { JsonObject, Tasks } from '../../local/stepfunctions/task.ts';
import { ACCOUNT, REGION } from './support/arns.ts';
import { type Concrete, concrete } from './support/concrete.ts';
import { deployedOf } from './support/deployed.ts';
import { isObject } from './support/json.ts';
import { definitionOf, execute, parametersOf, type World } from './support/machine.ts';
import { PlayedRuns } from './support/played-runs.ts';
import { stacksOf } from './support/stacks.ts';

const pipelines = await loadPipelines();
/** One construct makes them all: the grants of one machine are removed, those of each are asked for. */
const [mutated] = pipelines;
const resources = concrete(stacksOf('dev'));
const deployed = accessOf(deployedOf('dev'), { roles: [], resources: [], endpoints: [] });

/** Actions of a state machine's role that no task asks for; AWS does, on its behalf. */
const onlyOnAws = /^(events|logs|xray):/;

/**
 * Denials that the state machine takes for a refusal of the moment, with the error that it ends with: a run that cannot be cancelled is asked about until
 * its time is over; a lock that cannot be released is left to the next execution. The command tells them all the same.
 */
const absorbed = new Map<string, string | undefined>([
  ['emr-serverless:CancelJobRun', 'RunNotEnded'],
  ['dynamodb:DeleteItem', undefined],
]);

/** Executions that ask for all that the state machine ever asks for, each with what it meets. */
function executionsOf(pipeline: Pipeline): Omit<World, 'parameters'>[] {
  const arn = `arn:aws:states:${REGION}:${ACCOUNT}:execution:millrace-dev-${pipeline.name}:run-0`;
  const { streams, during, after } = orderOf(pipeline);
  const alive = streams.map((job) => ({
    Id: `before-${job}`,
    Name: `${runNamePrefix(pipeline.name)}${job}/run-0`,
    State: 'RUNNING',
    request: { Tags: { 'millrace:pipeline': pipeline.name } },
  }));
  const [first] = [...during, ...after];
  // Those that are no part of a whole run.
  const alone = Object.keys(pipeline.jobs)
    .filter((name) => pipeline.jobs[name]?.alone)
    .map(kebab);
  const jobs = [...(first === undefined ? [] : [first]), ...alone];
  return [
    { input: { action: 'run' } },
    { input: { action: 'stop' }, runs: new PlayedRuns({}, alive) },
    // The lock of an execution that ended is taken over.
    { input: { action: 'start' }, holder: arn },
    ...jobs.map((job) => ({ input: { job: kebab(job) } })),
  ];
}

/** The error of the first execution that fails as the role may do what this access says, and what was asked for. */
async function firstFailure(pipeline: Pipeline, access: AccessFile, role: AccessRole) {
  const account = new Account(access);
  const asked: Parameters<typeof usageOf>[1][number][] = [];
  for (const world of executionsOf(pipeline)) {
    const runs = world.runs ?? new PlayedRuns();
    const { error, cause = '' } = await execute(definitionOf(resources, pipeline.name), {
      ...world,
      runs,
      parameters: parametersOf(resources),
      guard: (tasks: Tasks) =>
        decidedTasks(tasks, {
          point: {
            decide(request) {
              const decision = account.decide(request);
              asked.push({ at: '', role: role.name, count: 1, ...request, ...decision });
              return decision;
            },
          },
          roleArn: role.arn,
          stateMachineArn: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:millrace-dev-${pipeline.name}`,
          tagsOf: (id) => (runs.all.find(({ Id }) => Id === id)?.request?.Tags ?? {}) as Record<string, string>,
          partitionKey: (_table, values: JsonObject) => String(Object.values(Object(values.pipeline))[0]),
          functionArn: (name) => name,
        }),
    });
    if (error !== undefined) return { asked, error, cause };
  }
  return { asked, error: undefined, cause: '' };
}

/** The same without one action on one resource of one statement. */
function without(access: AccessFile, role: AccessRole, { policy, statement, action, resource }: Grant): AccessFile {
  const policies = role.policies.map(({ name, document }) => {
    const statements = isObject(document) ? [document.Statement].flat() : [];
    const changed = statements.flatMap((one, index) => {
      if (name !== policy || !isObject(one) || String(one.Sid ?? index) !== statement) return [one];
      const [actions, places] = [[one.Action].flat(), [one.Resource].flat()];
      // All but the pair: the other actions on everything, this action on the other resources.
      const others = { ...one, Action: actions.filter((each) => each !== action) };
      const elsewhere = { ...one, Action: action, Resource: places.filter((each) => each !== resource) };
      return [...(others.Action.length > 0 ? [others] : []), ...(elsewhere.Resource.length > 0 ? [elsewhere] : [])];
    });
    return { name, document: { Version: '2012-10-17', Statement: changed } };
  });
  return { ...access, roles: access.roles.map((one) => (one.arn === role.arn ? { ...role, policies } : one)) };
}

function roleOf(pipeline: Pipeline, all: readonly Concrete[]): AccessRole {
  const machine = all.find(
    ({ type, stack, short }) =>
      type === 'AWS::StepFunctions::StateMachine' && stack === `dev/${pipeline.name}` && short.startsWith('Workflow'),
  );
  const role = deployed.roles.find(({ arn }) => arn === machine?.properties.RoleArn);
  if (!role) throw new Error(`The state machine of ${pipeline.name} has no role.`);
  return role;
}

describe.each(pipelines.map((pipeline) => [pipeline.name, pipeline] as const))(
  'the state machine of %s',
  (_, pipeline) => {
    const role = roleOf(pipeline, resources);
    const { granted } = usageOf(deployed, [], ({ arn }) => arn === role.arn).roles[0] ?? { granted: [] };

    it('asks for every grant but those that only an account exercises', async () => {
      const { asked, error, cause } = await firstFailure(pipeline, deployed, role);
      expect(error, cause).toBeUndefined();
      const [usage] = usageOf(deployed, asked, ({ arn }) => arn === role.arn).roles;
      expect(usage?.unused.filter(({ action }) => !onlyOnAws.test(action))).toEqual([]);
    });

    it.each(
      granted
        .filter(({ action }) => pipeline === mutated && !onlyOnAws.test(action))
        .map((grant) => [`${grant.action} on ${grant.resource}`, grant] as const),
    )('without %s is denied, and says so', async (_name, grant) => {
      const { asked, error, cause } = await firstFailure(pipeline, without(deployed, role, grant), role);
      const denial = asked.find(({ allowed }) => !allowed)?.reason ?? 'nothing was denied';
      expect(denial).toContain(`${role.name} may not ${grant.action} on `);
      expect(denial).toContain(grant.policy);
      if (absorbed.has(grant.action)) expect(error).toBe(absorbed.get(grant.action));
      else expect([error, cause]).toEqual([expect.stringMatching(/\.AccessDenied/), denial]);
    });
  },
);
