/** Requests that templates make of AWS: calls of state machines' tasks and of the AwsCustomResource, each with its place. */
import type { Concrete } from './concrete.ts';
import { at, everyObject, isObject } from './json.ts';

/** One call, as `check_requests.py` wants it. */
export interface Request {
  readonly place: string;
  readonly service: string;
  readonly operation: string;
  readonly parameters: unknown;
}

/** The call of a task. */
export function requestOf(place: string, resource: unknown, parameters: unknown): Request {
  const call = /^arn:aws:states:::(?:aws-sdk:)?([a-z0-9-]+):([A-Za-z0-9]+)(\.sync|\.waitForTaskToken)?$/.exec(
    String(resource),
  );
  return {
    place: `${place} (${resource})`,
    service: call?.[1] ?? String(resource),
    // Only starting something can be waited for.
    operation: call?.[3] && !call[2]?.startsWith('start') ? `${call[2]}${call[3]}` : (call?.[2] ?? ''),
    parameters,
  };
}

/** Calls of the tasks of every state machine. A task that is the ARN of a function has no request of this kind. */
export function taskRequests(resources: readonly Concrete[]): Request[] {
  const requests: Request[] = [];
  for (const { type, place, properties } of resources) {
    if (type !== 'AWS::StepFunctions::StateMachine') continue;
    everyObject(JSON.parse(String(properties.DefinitionString)), ({ Type, Resource, Parameters }, path) => {
      if (Type !== 'Task' || String(Resource).startsWith('arn:aws:lambda:')) return;
      requests.push(requestOf(`${place} ${path}`, Resource, Parameters));
    });
  }
  return requests;
}

/** Calls of every AwsCustomResource. */
export function customResourceRequests(resources: readonly Concrete[]): Request[] {
  return resources
    .filter(({ type }) => type === 'Custom::AWS')
    .flatMap(({ place, properties }) =>
      ['Create', 'Update', 'Delete'].flatMap((phase) => {
        const text = properties[phase];
        if (typeof text !== 'string') return [];
        const call: unknown = JSON.parse(text);
        return isObject(call)
          ? [
              {
                place: `${place} ${phase}`,
                service: String(call.service).toLowerCase(),
                operation: String(call.action),
                parameters: at(call, 'parameters') ?? {},
              },
            ]
          : [];
      }),
    );
}
