/** Container services: the schema registry, which runs already, and workers of Kafka Connect, which are started here with what their containers would be told. */
import { isObject } from '../../../lib/declaration/json.ts';
import { pipelineOfStack } from '../../../lib/declaration/names.ts';
import type { PluginName } from '../../../lib/declaration/plugins.ts';
import { MillraceError } from '../../../tools/errors.mjs';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { isOwnRole, type WorkerSettings, workerOf } from '../../services/connect.ts';
import { givePasswords } from '../../services/postgres-sign-in.ts';
import { bringWorker, removeWorker } from '../../services/services.ts';
import type { DeployedResource } from '../model.ts';
import {
  arn,
  generatedName,
  type Machine,
  nameIn,
  nameOf,
  type Outcome,
  type Provider,
  type ResourceRequest,
  upserting,
  used,
} from './provider.ts';

const taskDefinition = upserting('what the process of a worker is told', ({ stack, logicalId }) => {
  const taskArn = arn(stack, 'ecs', `task-definition/${generatedName(stack, logicalId, 255)}:1`);
  return { physicalId: taskArn, attributes: { Arn: taskArn, TaskDefinitionArn: taskArn } };
});

const isWorker = ({ logicalId }: Pick<DeployedResource, 'logicalId'>): boolean => /^Connect/.test(logicalId);

const service: Provider = {
  reason: 'the local Apicurio Registry; a process of Kafka Connect for each pipeline that has connectors',
  create: bring,
  update: (request, _previous, machine) => bring(request, machine),
  remove: async (stack, resource, machine) => {
    if (isWorker(resource)) await removeWorker(machine.home, workerOf(pipelineOfStack(stack.path)));
  },
};

async function bring(request: ResourceRequest, machine: Machine): Promise<Outcome> {
  const { ServiceName: given } = used(request, 'ServiceName');
  const name = nameOf(request, given, 255);
  if (isWorker(request)) {
    const worker = workerOf(pipelineOfStack(request.stack.path));
    const settings = settingsOf(request, machine);
    const own = settings.secrets.filter(isOwnRole);
    if (own.length > 0) await givePasswords(machine.home, own);
    await bringWorker(machine.home, readToolchain(), worker, settings, machine.progress, machine.signal);
  } else if (!/registry/i.test(`${request.logicalId} ${name}`)) {
    throw new MillraceError(
      'DEPLOY_UNKNOWN_SERVICE',
      `${nameIn(request)}: the only container services with a counterpart on this machine are the schema registry and workers of Kafka Connect, and its logical id says neither "Registry" nor "Connect".`,
    );
  }
  const serviceArn = arn(request.stack, 'ecs', `service/${name}`);
  return { physicalId: serviceArn, attributes: { ServiceArn: serviceArn, Name: name } };
}

/** What the containers of a worker's task would be told. */
function settingsOf(request: ResourceRequest, machine: Machine): WorkerSettings {
  const { TaskDefinition: taskArn } = used(request, 'TaskDefinition');
  const properties = machine.byArn('AWS::ECS::TaskDefinition', String(taskArn))?.properties ?? {};
  const containers = Array.isArray(properties.ContainerDefinitions)
    ? properties.ContainerDefinitions.filter(isObject)
    : [];
  const variables = containers.flatMap(({ Environment: list }) => (Array.isArray(list) ? list.filter(isObject) : []));
  const variable = (name: string) => String(variables.find((one) => one.Name === name)?.Value ?? '');
  const lines = variable('WORKER_PROPERTIES').split('\n');
  const entries = lines
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return {
    properties: Object.fromEntries(entries),
    role: String(properties.TaskRoleArn),
    region: request.stack.region,
    secrets: variable('SECRETS').split(' ').filter(Boolean),
    plugins: variable('PLUGINS').split(' ').filter(Boolean) as PluginName[],
  };
}

export const providers: Record<string, Provider> = {
  'AWS::ECS::Service': service,
  'AWS::ECS::TaskDefinition': taskDefinition,
};
