/**
 * Custom resources with a handler of ours: takes the resource to be, sends the bundled handler the event that CloudFormation and the CDK's Provider
 * framework would send, waits until it says complete, and gives what it answered. Used by the deployment through `registry.ts`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, messageOf } from '../../../tools/errors.ts';
import { invokeFunction } from '../invoke.ts';
import { isObject } from '../json.ts';
import { type DeployedResource, type Properties, type StackIdentity, stackId } from '../model.ts';
import { environmentOf } from './lambda.ts';
import {
  FailedAfterCreation,
  label,
  type Machine,
  type Outcome,
  type Provider,
  type ResourceRequest,
  used,
} from './provider.ts';
import { definitionAttribute } from './records.ts';

export const customResource: Provider = {
  stand: 'its bundled handler, called with the event that CloudFormation would send',
  create: (request, machine) => send('Create', eventFor(request), machine),
  update: (request, previous, machine) =>
    send(
      'Update',
      {
        ...eventFor(request),
        PhysicalResourceId: previous.physicalId,
        OldResourceProperties: asTexts(previous.properties),
      },
      machine,
    ),
  remove: async (stack, resource, machine) => {
    const event = { ...eventFor({ ...resource, stack }), PhysicalResourceId: resource.physicalId };
    const { physicalId } = await send('Delete', event, machine);
    if (physicalId !== resource.physicalId) {
      throw new MillraceError(
        'DEPLOY_HANDLER',
        `${label(stack, resource.logicalId, resource.type)}: its handler answered the Delete of "${resource.physicalId}" with another physical id, "${physicalId}".`,
      );
    }
  },
};

interface Event extends Record<string, unknown> {
  readonly LogicalResourceId: string;
  readonly ResourceType: string;
  readonly ResourceProperties: Properties;
  readonly RequestId: string;
  readonly PhysicalResourceId?: string;
}

interface Handlers {
  readonly onEvent: DeployedResource;
  readonly isComplete: DeployedResource | undefined;
  /** How often and for how long the framework asks `isComplete`. */
  readonly intervalMs: number;
  readonly attempts: number;
}

function eventFor(request: ResourceRequest): Event & { readonly stack: StackIdentity } {
  return {
    stack: request.stack,
    ServiceToken: String(used(request, 'ServiceToken').ServiceToken),
    // The framework hides the address to answer to from the handlers' logs by the same word.
    ResponseURL: '...',
    StackId: stackId(request.stack),
    RequestId: randomUUID(),
    LogicalResourceId: request.logicalId,
    ResourceType: request.type,
    ResourceProperties: asTexts(used(request, ...Object.keys(request.properties))),
  };
}

async function send(
  type: 'Create' | 'Update' | 'Delete',
  given: Event & { readonly stack: StackIdentity },
  machine: Machine,
): Promise<Outcome> {
  const { stack, ...event } = given;
  const user = label(stack, event.LogicalResourceId, event.ResourceType);
  const handlers = findHandlers(String(given.ServiceToken), user, machine);
  const request = { RequestType: type, ...event };
  const options = { signal: machine.signal };
  const answer = (await invokeFunction(machine.home, handlers.onEvent, request, options)) ?? {};
  if (!isObject(answer))
    throw new MillraceError(
      'DEPLOY_HANDLER',
      `${user}: its handler answered ${JSON.stringify(answer)} instead of an object.`,
    );
  const physicalId = String(answer.PhysicalResourceId ?? event.PhysicalResourceId ?? event.RequestId);
  const data = isObject(answer.Data) ? answer.Data : {};
  if (!handlers.isComplete) return { physicalId, attributes: data };
  try {
    const late = await waitUntilComplete(
      handlers,
      { ...request, ...answer, PhysicalResourceId: physicalId },
      user,
      machine,
    );
    return { physicalId, attributes: { ...data, ...late } };
  } catch (error) {
    if (type === 'Create' && !machine.signal?.aborted) throw new FailedAfterCreation(messageOf(error), physicalId);
    throw error;
  }
}

/** Asks `isComplete` as the framework does, only sooner: the first answers of a local service come within milliseconds. */
async function waitUntilComplete(
  handlers: Handlers,
  event: unknown,
  user: string,
  machine: Machine,
): Promise<Properties> {
  const deadline = Date.now() + handlers.intervalMs * handlers.attempts;
  const options = { signal: machine.signal };
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, handlers.intervalMs)) {
    const answer = await invokeFunction(machine.home, handlers.isComplete as DeployedResource, event, options);
    const { IsComplete: complete, Data: data } = isObject(answer) ? answer : {};
    if (complete) return isObject(data) ? data : {};
    if (isObject(data) && Object.keys(data).length > 0) {
      throw new MillraceError('DEPLOY_HANDLER', `${user}: its handler gave Data before IsComplete was true.`);
    }
    if (Date.now() + pauseMs > deadline) {
      throw new MillraceError(
        'DEPLOY_HANDLER',
        `${user}: it was not complete after ${Math.round((handlers.intervalMs * handlers.attempts) / 1000)} s.`,
      );
    }
    await sleep(pauseMs, undefined, machine.signal ? { signal: machine.signal } : {});
  }
}

/** From the framework's function, which the service token names, to the functions of ours that it calls. */
function findHandlers(serviceToken: string, user: string, machine: Machine): Handlers {
  const framework = machine.functionByArn(serviceToken);
  const variables = framework ? environmentOf(framework) : {};
  const onEvent = machine.functionByArn(variables.USER_ON_EVENT_FUNCTION_ARN ?? '');
  if (!onEvent) {
    throw new MillraceError(
      'DEPLOY_HANDLER',
      `${user}: its service token ${serviceToken} leads to no handler. Custom resources run on this machine when they use the CDK's Provider framework and the handler is deployed with them.`,
    );
  }
  const isComplete = variables.USER_IS_COMPLETE_FUNCTION_ARN;
  return {
    onEvent,
    isComplete: isComplete === undefined ? undefined : machine.functionByArn(isComplete),
    ...pace(machine.stateMachineByArn(variables.WAITER_STATE_MACHINE_ARN ?? '')),
  };
}

/** The framework's state machine says how often and for how long it asks. */
function pace(waiter: DeployedResource | undefined): { intervalMs: number; attempts: number } {
  const definition = String(waiter?.attributes[definitionAttribute] ?? '');
  const number = (name: string, otherwise: number) =>
    Number(new RegExp(`"${name}":(\\d+)`).exec(definition)?.[1] ?? otherwise);
  return { intervalMs: number('IntervalSeconds', 5) * 1000, attempts: number('MaxAttempts', 360) };
}

/** CloudFormation hands a custom resource every number and boolean as text. */
function asTexts(properties: Properties): Properties {
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]));
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  };
  return convert(properties) as Properties;
}
