/**
 * Parameters of every request to AWS (tasks of state machines, custom resources, handlers) against the models of the
 * services that ship with botocore; then the same after a mistake.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { concrete } from './support/concrete.ts';
import { handlerRequests } from './support/handler-requests.ts';
import { at, put } from './support/json.ts';
import { askPython } from './support/python.ts';
import { customResourceRequests, type Request, taskRequests } from './support/requests.ts';
import { environmentNames, type Stack, stacksOf } from './support/stacks.ts';

const LAMBDA = fileURLToPath(new URL('../../lambda', import.meta.url));

/** A request of the invented pipeline, with one mistake. */
const mistakes: readonly [name: string, state: string, said: RegExp, change: (request: Request) => unknown][] = [
  [
    'a misspelt field',
    'States.RunDuring ',
    /States\.RunDuring .*Parameters\.JobDriver\.SparkSubmit\.EntryPont is not a field of SparkSubmit/,
    ({ parameters }) => {
      put(parameters, 'JobDriver.SparkSubmit.EntryPont', 's3://bucket/job.py');
    },
  ],
  [
    'a mode that does not exist',
    'States.StartStream ',
    /Parameters\.Mode is 'STREAM'; allowed: BATCH, STREAMING/,
    ({ parameters }) => put(parameters, 'Mode', 'STREAM'),
  ],
  [
    'a state of job runs that does not exist',
    'States.ListRuns ',
    /Parameters\.States\[0\] is 'STARTING'; allowed: SUBMITTED, /,
    ({ parameters }) => {
      (parameters as Record<string, unknown>)['States.$'] = "States.Array('STARTING')";
    },
  ],
  [
    'a number given as text',
    'States.CancelRun ',
    /Invalid type for parameter shutdownGracePeriodInSeconds, value: 120, type: <class 'str'>/,
    ({ parameters }) => put(parameters, 'ShutdownGracePeriodInSeconds', '120'),
  ],
  [
    'a role that is missing',
    'States.DrainStream ',
    /Missing required parameter in input: "executionRoleArn"/,
    ({ parameters }) => delete (parameters as Record<string, unknown>)['ExecutionRoleArn.$'],
  ],
  [
    'a role that is no ARN',
    'States.DrainStream ',
    /Parameters\.ExecutionRoleArn is 'job-role', which does not fit the pattern/,
    ({ parameters }) => put(parameters, 'ExecutionRoleArn', 'job-role'),
  ],
  [
    'arguments that are one text',
    'States.RunAfter ',
    /EntryPointArguments takes a list, and States\.Format gives a string/,
    ({ parameters }) => {
      // The path of `put` splits at dots, and the key holds one.
      const submit = at(parameters, 'JobDriver.SparkSubmit') as Record<string, unknown>;
      submit['EntryPointArguments.$'] = "States.Format('{}', $.x)";
    },
  ],
  [
    'an attribute value without its type',
    'States.Lock ',
    /Parameters\.Item\.holder\.X is not a field of AttributeValue/,
    ({ parameters }) => {
      (at(parameters, 'Item.holder') as Record<string, unknown>)['X.$'] = '$$.Execution.Id';
    },
  ],
  [
    'an operation that cannot be waited for',
    'States.CancelRun ',
    /emrserverless has no operation cancelJobRun\.sync/,
    (request) => put(request, 'operation', 'cancelJobRun.sync'),
  ],
  [
    'a service that does not exist',
    'States.ListRuns ',
    /there is no service emrservice/,
    (request) => put(request, 'service', 'emrservice'),
  ],
  [
    'a custom resource with a name in the wrong case',
    'BootstrapBrokers',
    /Parameters\.ClusterArns is not a field of GetBootstrapBrokersRequest/,
    ({ parameters }) => {
      put(parameters, 'ClusterArns', at(parameters, 'ClusterArn'));
    },
  ],
];

const requestsOf = (stacks: readonly Stack[]): Request[] => {
  const resources = concrete(stacks);
  return [...taskRequests(resources), ...customResourceRequests(resources)];
};
const invented = requestsOf(stacksOf('dev', 'readings'));
const requests = [...environmentNames.flatMap((environment) => requestsOf(stacksOf(environment))), ...invented];
let made: Request[] = [];
let answers: string[][] = [];
beforeAll(async () => {
  made = await handlerRequests();
  const mutants = mistakes.map(([, state, , change]) => {
    const request = structuredClone(invented.find(({ place }) => place.includes(state)));
    if (!request) throw new Error(`No request has the place ${state}.`);
    change(request);
    return request;
  });
  answers = askPython<string[][]>('check_requests.py', [...mutants, ...requests, ...made]);
});

it('every request has the parameters that its service takes', () => {
  expect(answers.slice(mistakes.length).flat()).toEqual([]);
  expect(requests.length).toBeGreaterThan(10);
});

it.each(mistakes.map((mistake, index) => [mistake[0], mistake[2], index] as const))(
  '%s is found, with its place',
  (_, said, index) => {
    expect(answers[index]?.join('\n')).toMatch(said);
  },
);

describe('handlers', () => {
  it('every command in their code was sent, so that its parameters were checked', () => {
    const written = readdirSync(LAMBDA, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) => [...readFileSync(`${LAMBDA}/${file}`, 'utf8').matchAll(/new (\w+)Command\(/g)])
      .map(([, operation]) => operation);
    expect([...new Set(made.map(({ operation }) => operation))].sort()).toEqual([...new Set(written)].sort());
  });
});
