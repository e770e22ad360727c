/**
 * Custom resources with a handler of ours: the bundled handler gets the events that CloudFormation and the CDK's
 * Provider framework would send, and is asked until it says complete.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject } from '../../../lib/declaration/json.ts';
import { MillraceError, messageOf } from '../../../tools/errors.mjs';
import { decisionPoint } from '../../iam/decision-point.ts';
import { invokeFunction } from '../invoke.ts';
import { type DeployedResource, type Properties, stackId } from '../model.ts';
import { environmentOf } from './lambda.ts';
import { FailedAfterCreation, type Machine, nameIn, type Provider, type ResourceRequest, used } from './provider.ts';
import { definitionAttribute } from './recorded.ts';

const customResource: Provider = {
  livesInServices: true,
  reason: 'its bundled handler, called with the event that CloudFormation would send',
  create: (request, machine) => send('Create', request, machine),
  update: (request, { physicalId, properties }, machine) => {
    const before = { PhysicalResourceId: physicalId, OldResourceProperties: asTexts(properties) };
    return send('Update', request, machine, before);
  },
  remove: async (stack, resource, machine) => {
    const request = { ...resource, stack };
    const { physicalId } = await send('Delete', request, machine, { PhysicalResourceId: resource.physicalId });
    if (physicalId === resource.physicalId) return;
    throw mistake(
      `${nameIn(request)}: its handler answered the Delete of "${resource.physicalId}" with another physical id, "${physicalId}".`,
    );
  },
};

const mistake = (what: string) => new MillraceError('DEPLOY_HANDLER', what);

interface Handlers {
  /** The CDK's own function, which calls ours. */
  readonly framework: DeployedResource;
  readonly onEvent: DeployedResource;
  readonly isComplete: DeployedResource | undefined;
  /** The CDK's state machine, which asks `isComplete`. */
  readonly waiter: DeployedResource | undefined;
  /** How often and for how long the framework asks `isComplete`. */
  readonly intervalMs: number;
  readonly attempts: number;
}

/** Sends an event, to which the fields of `more` belong as well. */
async function send(
  type: 'Create' | 'Update' | 'Delete',
  resource: ResourceRequest,
  machine: Machine,
  more: { readonly PhysicalResourceId?: string; readonly OldResourceProperties?: Properties } = {},
) {
  const user = nameIn(resource);
  const serviceToken = String(used(resource, 'ServiceToken').ServiceToken);
  const handlers = findHandlers(serviceToken, user, machine);
  const event = {
    RequestType: type,
    ServiceToken: serviceToken,
    // The framework hides the address to answer to from the handlers' logs by the same word.
    ResponseURL: '...',
    StackId: stackId(resource.stack),
    RequestId: randomUUID(),
    LogicalResourceId: resource.logicalId,
    ResourceType: resource.type,
    ResourceProperties: asTexts(used(resource, ...Object.keys(resource.properties))),
    ...more,
  };
  requireMayCall(handlers, user, machine);
  const answer = (await invokeFunction(machine.home, handlers.onEvent, event, { signal: machine.signal })) ?? {};
  if (!isObject(answer)) throw mistake(`${user}: its handler answered ${JSON.stringify(answer)} instead of an object.`);
  const physicalId = String(answer.PhysicalResourceId ?? more.PhysicalResourceId ?? event.RequestId);
  const data = isObject(answer.Data) ? answer.Data : {};
  if (!handlers.isComplete) return { physicalId, attributes: data };
  try {
    const asked = { ...event, ...answer, PhysicalResourceId: physicalId };
    const late = await waitUntilComplete(handlers, asked, user, machine);
    return { physicalId, attributes: { ...data, ...late } };
  } catch (error) {
    if (type === 'Create' && !machine.signal?.aborted) throw new FailedAfterCreation(messageOf(error), physicalId);
    throw error;
  }
}

/** Asks `isComplete` as the framework does, only sooner: a local service takes milliseconds. */
async function waitUntilComplete(
  handlers: Handlers,
  event: unknown,
  user: string,
  machine: Machine,
): Promise<Properties> {
  const deadline = performance.now() + handlers.intervalMs * handlers.attempts;
  const options = { signal: machine.signal };
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, handlers.intervalMs)) {
    const answer = await invokeFunction(machine.home, handlers.isComplete as DeployedResource, event, options);
    const { IsComplete: complete, Data: data } = isObject(answer) ? answer : {};
    if (complete) return isObject(data) ? data : {};
    if (isObject(data) && Object.keys(data).length > 0) {
      throw mistake(`${user}: its handler gave Data before IsComplete was true.`);
    }
    if (performance.now() + pauseMs > deadline) {
      const seconds = Math.round((handlers.intervalMs * handlers.attempts) / 1000);
      throw mistake(`${user}: it was not complete after ${seconds} s.`);
    }
    await sleep(pauseMs, undefined, machine.signal ? { signal: machine.signal } : {});
  }
}

/** From the framework's function, which the service token names, to the functions of ours that it calls. */
function findHandlers(serviceToken: string, user: string, machine: Machine): Handlers {
  const framework = machine.byArn('AWS::Lambda::Function', serviceToken);
  const variables = framework ? environmentOf(framework) : {};
  const onEvent = machine.byArn('AWS::Lambda::Function', variables.USER_ON_EVENT_FUNCTION_ARN);
  if (!framework || !onEvent) {
    throw mistake(
      `${user}: its service token ${serviceToken} leads to no handler. Custom resources run on this machine when they use the CDK's Provider framework and the handler is deployed with them.`,
    );
  }
  const waiter = machine.byArn('AWS::StepFunctions::StateMachine', variables.WAITER_STATE_MACHINE_ARN);
  const isComplete = machine.byArn('AWS::Lambda::Function', variables.USER_IS_COMPLETE_FUNCTION_ARN);
  return { framework, onEvent, isComplete, waiter, ...pace(waiter) };
}

/**
 * The framework of the CDK is not run here, but what it would ask is decided: its function calls ours, and starts a state machine that asks by another
 * function of the framework whether ours is done.
 */
function requireMayCall(
  { framework, onEvent, isComplete, waiter }: Handlers,
  user: string,
  { home, byArn }: Machine,
): void {
  const require = (role: unknown, action: string, called: DeployedResource | undefined) => {
    const request = { principal: String(role), action, resource: String(called?.attributes.Arn) };
    const { allowed, reason } = decisionPoint(home).decide(request);
    if (!allowed) throw mistake(`${user}: ${reason}`);
  };
  require(framework.properties.Role, 'lambda:InvokeFunction', onEvent);
  if (!isComplete || !waiter) return;
  require(framework.properties.Role, 'states:StartExecution', waiter);
  const [, asking] = /"Resource":"(arn:aws:lambda:[^"]+)"/.exec(String(waiter.attributes[definitionAttribute])) ?? [];
  const asks = byArn('AWS::Lambda::Function', asking);
  require(waiter.properties.RoleArn, 'lambda:InvokeFunction', asks);
  require(asks?.properties.Role, 'lambda:InvokeFunction', isComplete);
}

/** The framework's state machine says how often and for how long it asks. */
function pace(waiter: DeployedResource | undefined): { intervalMs: number; attempts: number } {
  const definition = String(waiter?.attributes[definitionAttribute] ?? '');
  const number = (name: string, otherwise: number) =>
    Number(new RegExp(`"${name}":(\\d+)`).exec(definition)?.[1] ?? otherwise);
  return { intervalMs: number('IntervalSeconds', 5) * 1000, attempts: number('MaxAttempts', 360) };
}

export const providers: Record<string, Provider> = { 'AWS::CloudFormation::CustomResource': customResource };

/** CloudFormation hands a custom resource every number and boolean as text. */
function asTexts(properties: Properties): Properties {
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]));
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  };
  return convert(properties) as Properties;
}
