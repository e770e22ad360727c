/**
 * Resources whose counterpart on this machine is started by somebody else (the services, the runner of state machines and jobs): here they
 * are recorded under the ids and ARNs that the rest of the templates refers to. Used by the deployment through `registry.ts`.
 */
import { MillraceError, messageOf } from '../../../tools/errors.ts';
import { isObject } from '../json.ts';
import { arn, digest, generatedName } from '../names.ts';
import { label, type Provider, type ResourceRequest, upserting, used } from './provider.ts';

/** The attribute under which a state machine's definition is recorded: JSON text, its substitutions made. */
export const definitionAttribute = 'Definition';

export const stateMachine: Provider = upserting('its definition, interpreted', (request) => {
  const properties = used(request, 'StateMachineName', 'DefinitionString', 'Definition', 'DefinitionSubstitutions');
  const name = nameOf(request, properties.StateMachineName, 80);
  const machineArn = arn(request.stack, 'states', `stateMachine:${name}`);
  return {
    physicalId: machineArn,
    attributes: { Arn: machineArn, Name: name, [definitionAttribute]: definitionOf(request, properties) },
  };
});

function definitionOf(request: ResourceRequest, properties: Record<string, unknown>): string {
  const { DefinitionString: given, Definition: object, DefinitionSubstitutions: substitutions } = properties;
  const user = label(request.stack, request.logicalId, request.type);
  if (typeof given !== 'string' && !isObject(object)) {
    throw new MillraceError(
      'DEPLOY_DEFINITION',
      `${user}: it has neither DefinitionString nor Definition. A definition in a bucket does not run here.`,
    );
  }
  let definition = typeof given === 'string' ? given : JSON.stringify(object);
  for (const [name, value] of Object.entries(isObject(substitutions) ? substitutions : {})) {
    definition = definition.replaceAll(`\${${name}}`, String(value));
  }
  try {
    JSON.parse(definition);
  } catch (error) {
    throw new MillraceError('DEPLOY_DEFINITION', `${user}: its definition is no JSON: ${messageOf(error)}.`);
  }
  return definition;
}

export const sparkApplication: Provider = upserting('spark-submit, for each job run', (request) => {
  const { Name: given, Type: type } = used(request, 'Name', 'Type');
  const id = `00${digest(14, request.stack.name, request.logicalId, String(given), String(type))}`;
  return {
    physicalId: id,
    attributes: { ApplicationId: id, Arn: arn(request.stack, 'emr-serverless', `/applications/${id}`) },
  };
});

export const kafkaCluster: Provider = upserting('the local Kafka broker', (request) => {
  const { ClusterName: name } = used(request, 'ClusterName');
  const id = digest(32, request.stack.name, request.logicalId, String(name));
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-');
  const clusterArn = arn(request.stack, 'kafka', `cluster/${nameOf(request, name, 64)}/${uuid}-s1`);
  return { physicalId: clusterArn, attributes: { Arn: clusterArn } };
});

export const registryService: Provider = upserting('the local Apicurio Registry', (request) => {
  const { ServiceName: given } = used(request, 'ServiceName');
  const name = nameOf(request, given, 255);
  if (!/registry/i.test(`${request.logicalId} ${name}`)) {
    throw new MillraceError(
      'DEPLOY_UNKNOWN_SERVICE',
      `${label(request.stack, request.logicalId, request.type)}: the only container service with a counterpart on this machine is the schema registry, and neither name nor logical id say "registry".`,
    );
  }
  const serviceArn = arn(request.stack, 'ecs', `service/${name}`);
  return { physicalId: serviceArn, attributes: { ServiceArn: serviceArn, Name: name } };
});

export const eventRule: Provider = upserting(
  'a record; the runner calls its functions when an execution ends',
  (request) => {
    const { Name: given, EventPattern: pattern } = used(request, 'Name', 'EventPattern');
    const name = nameOf(request, given, 64);
    return {
      physicalId: name,
      attributes: { Arn: arn(request.stack, 'events', `rule/${name}`), EventPattern: pattern ?? {} },
    };
  },
);

function nameOf(request: ResourceRequest, given: unknown, length: number): string {
  return typeof given === 'string' ? given : generatedName(request.stack, request.logicalId, length);
}
