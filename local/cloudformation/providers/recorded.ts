/** Resources that the services, state machines and job runs stand for: only their ids and ARNs are kept. */
import { isObject } from '../../../lib/declaration/json.ts';
import { MillraceError, messageOf } from '../../../tools/errors.mjs';
import { arn, digest, nameIn, nameOf, type Provider, type ResourceRequest, upserting, used } from './provider.ts';

/** The attribute under which a state machine's definition is recorded: JSON text, its substitutions made. */
export const definitionAttribute = 'Definition';

const stateMachine = upserting('its definition, interpreted', (request) => {
  const properties = used(request, 'StateMachineName', 'DefinitionString', 'Definition', 'DefinitionSubstitutions');
  const name = nameOf(request, properties.StateMachineName, 80);
  const machineArn = arn(request.stack, 'states', `stateMachine:${name}`);
  const definition = definitionOf(request, properties);
  return { physicalId: machineArn, attributes: { Arn: machineArn, Name: name, [definitionAttribute]: definition } };
});

function definitionOf(request: ResourceRequest, properties: Record<string, unknown>): string {
  const { DefinitionString: given, Definition: object, DefinitionSubstitutions: substitutions } = properties;
  if (typeof given !== 'string' && !isObject(object)) {
    throw new MillraceError(
      'DEPLOY_DEFINITION',
      `${nameIn(request)}: it has neither DefinitionString nor Definition. A definition in a bucket does not run here.`,
    );
  }
  let definition = typeof given === 'string' ? given : JSON.stringify(object);
  for (const [name, value] of Object.entries(isObject(substitutions) ? substitutions : {})) {
    definition = definition.replaceAll(`\${${name}}`, String(value));
  }
  try {
    JSON.parse(definition);
  } catch (error) {
    throw new MillraceError('DEPLOY_DEFINITION', `${nameIn(request)}: its definition is no JSON: ${messageOf(error)}.`);
  }
  return definition;
}

const sparkApplication = upserting('spark-submit, for each job run', (request) => {
  const { Name: given, Type: type } = used(request, 'Name', 'Type');
  const id = `00${digest(14, request.stack.name, request.logicalId, String(given), String(type))}`;
  const applicationArn = arn(request.stack, 'emr-serverless', `/applications/${id}`);
  return { physicalId: id, attributes: { ApplicationId: id, Arn: applicationArn } };
});

const catalogDatabase = upserting('where its tables lie, by which they are found', (request) => {
  const { DatabaseInput: input } = used(request, 'DatabaseInput');
  const name = String(isObject(input) ? input.Name : nameOf(request, undefined, 255));
  return { physicalId: name, attributes: { DatabaseName: name } };
});

const kafkaCluster = upserting('the local Kafka broker', (request) => {
  const { ClusterName: name } = used(request, 'ClusterName');
  const id = digest(32, request.stack.name, request.logicalId, String(name));
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-');
  const clusterArn = arn(request.stack, 'kafka', `cluster/${nameOf(request, name, 64)}/${uuid}-s1`);
  return { physicalId: clusterArn, attributes: { Arn: clusterArn } };
});

const eventRule = upserting('an entry; its functions are called when an execution ends', (request) => {
  const { Name: given, EventPattern: pattern } = used(request, 'Name', 'EventPattern');
  const name = nameOf(request, given, 64);
  const ruleArn = arn(request.stack, 'events', `rule/${name}`);
  return { physicalId: name, attributes: { Arn: ruleArn, EventPattern: pattern ?? {} } };
});

const schedule = upserting('an entry; "millrace run --schedule" starts what it would start', (request) => {
  const { Name: given } = used(
    request,
    'Name',
    'GroupName',
    'ScheduleExpression',
    'ScheduleExpressionTimezone',
    'Target',
  );
  const name = nameOf(request, given, 64);
  const { GroupName: group } = request.properties;
  return { physicalId: name, attributes: { Arn: arn(request.stack, 'scheduler', `schedule/${group}/${name}`) } };
});

const scheduleGroup = upserting('the name that its schedules have in common', (request) => {
  const name = nameOf(request, used(request, 'Name').Name, 64);
  return { physicalId: name, attributes: { Arn: arn(request.stack, 'scheduler', `schedule-group/${name}`) } };
});

export const providers: Record<string, Provider> = {
  'AWS::EMRServerless::Application': sparkApplication,
  'AWS::Events::Rule': eventRule,
  'AWS::Glue::Database': catalogDatabase,
  'AWS::MSK::Cluster': kafkaCluster,
  'AWS::MSK::ServerlessCluster': kafkaCluster,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Scheduler::ScheduleGroup': scheduleGroup,
  'AWS::StepFunctions::StateMachine': stateMachine,
};
