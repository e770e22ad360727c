/**
 * What EventBridge does after an execution that ended otherwise than well: finds the deployed rules that match the
 * event and runs their functions, with endpoints of this machine.
 */
import { MillraceError } from '../../tools/errors.mjs';
import type { DeployedResource, Deployment } from '../cloudformation/index.ts';
import { type CleanUpServices, startCleanUpEndpoint } from './clean-up-endpoint.ts';
import type { ExecutionRecord } from './executions.ts';
import { isObject, type Json, type JsonObject } from './task.ts';

export interface CleanUpPorts extends Omit<CleanUpServices, 'near'> {
  readonly deployment: Deployment;
  /** Runs a deployed function with additional environment variables. */
  readonly invoke: (fn: DeployedResource, event: JsonObject, environment: Record<string, string>) => Promise<Json>;
}

/**
 * Runs every function that the end of this execution triggers; gives how many there were.
 *
 * @throws MillraceError ACCESS_DENIED
 */
export async function cleanUpAfter(execution: ExecutionRecord, ports: CleanUpPorts): Promise<number> {
  const event = eventOf(execution);
  const targets = targetsOf(event, ports.deployment);
  if (targets.length === 0) return 0;
  const endpoint = await startCleanUpEndpoint({ ...ports, near: execution.arn });
  try {
    for (const { fn, rule } of targets) {
      const asked = { action: 'lambda:InvokeFunction', resource: String(fn.attributes.Arn) };
      const context = { 'aws:SourceArn': String(rule.attributes.Arn) };
      const { allowed, reason } = ports.point.decide({ ...asked, context, principal: 'events.amazonaws.com' });
      if (!allowed) throw new MillraceError('ACCESS_DENIED', reason);
      await ports.invoke(fn, event, {
        AWS_ENDPOINT_URL_DYNAMODB: endpoint.url,
        AWS_ENDPOINT_URL_EMR_SERVERLESS: endpoint.url,
      });
    }
  } finally {
    await endpoint.close();
  }
  return targets.length;
}

function eventOf(execution: ExecutionRecord): JsonObject {
  const [, , , region = '', account = ''] = execution.arn.split(':');
  return {
    account,
    detail: {
      executionArn: execution.arn,
      input: JSON.stringify(execution.input),
      name: execution.name,
      stateMachineArn: execution.stateMachineArn,
      status: execution.status,
    },
    'detail-type': 'Step Functions Execution Status Change',
    region,
    resources: [execution.arn],
    source: 'aws.states',
  };
}

function targetsOf(event: JsonObject, { resources }: Deployment) {
  const rules = resources
    .filter(({ type, properties }) => type === 'AWS::Events::Rule' && properties.EventPattern !== undefined)
    .filter(({ properties }) => matches(properties.EventPattern as JsonObject, event));
  return rules.flatMap((rule) => {
    const arns = ((rule.properties.Targets ?? []) as { Arn: string }[]).map(({ Arn }) => Arn);
    const functions = resources.filter(
      ({ type, attributes }) => type === 'AWS::Lambda::Function' && arns.includes(String(attributes.Arn)),
    );
    return functions.map((fn) => ({ fn, rule }));
  });
}

/**
 * Whether an event matches the pattern of a rule. Only lists of exact values are known: a rule must not match less or
 * more than on AWS.
 *
 * @throws MillraceError UNSUPPORTED_EVENT_PATTERN for any other pattern
 */
export function matches(pattern: JsonObject, event: JsonObject): boolean {
  return Object.entries(pattern).every(([name, expected]) => {
    const value = event[name];
    if (Array.isArray(expected)) return expected.some((allowed) => allows(allowed, value));
    return isObject(expected) && isObject(value) && matches(expected, value);
  });
}

function allows(allowed: Json, value: Json | undefined): boolean {
  if (typeof allowed === 'object' && allowed !== null) {
    throw new MillraceError(
      'UNSUPPORTED_EVENT_PATTERN',
      `The pattern ${JSON.stringify(allowed)} of an event rule cannot be evaluated on this machine. Allowed: lists of exact values.`,
    );
  }
  return Array.isArray(value) ? value.includes(allowed) : value === allowed;
}
