/**
 * Custom resources that the CDK itself brings, whose handlers are not this project's: each asks AWS for something, and here the same question
 * is put to what stands for the service. Used by the deployment through `registry.ts`.
 */
import { randomUUID } from 'node:crypto';
import { MillraceError } from '../../../tools/errors.ts';
import { isObject } from '../json.ts';
import type { Properties } from '../model.ts';
import { BucketStore } from '../stores.ts';
import { label, type Machine, type Outcome, type Provider, type ResourceRequest, used } from './provider.ts';

/** `Custom::EmptiedBucket`, ours, and `Custom::S3AutoDeleteObjects`, the CDK's: each empties a bucket before it is deleted. */
export const autoDeleteObjects: Provider = {
  stand: 'empties the folder of the bucket when the bucket is deleted, and not before',
  create: (request) => ({ physicalId: String(used(request, 'BucketName').BucketName), attributes: {} }),
  // Another bucket means another physical id, so the deletion that follows empties the old one.
  update: (request) => ({ physicalId: String(used(request, 'BucketName').BucketName), attributes: {} }),
  remove: (_stack, resource, machine) => new BucketStore(machine.home).empty(resource.physicalId),
};

/** `Custom::VpcRestrictDefaultSG`: takes the rules out of a VPC's default security group. */
export const restrictDefaultSecurityGroup: Provider = {
  stand: 'a record: there is no VPC here, and so no default security group with rules to take out',
  create: (request) => ({ physicalId: request.logicalId, attributes: {} }),
  update: (_request, previous) => ({ physicalId: previous.physicalId, attributes: {} }),
  remove: () => {},
};

/** `Custom::StoppedApplication`, ours: stops the Spark application before it is changed or deleted. */
export const stoppedApplication: Provider = {
  stand: 'a record: there is nothing to stop, since each job is a process of its own',
  create: (request) => ({ physicalId: request.logicalId, attributes: {} }),
  update: (_request, previous) => ({ physicalId: previous.physicalId, attributes: {} }),
  remove: () => {},
};

/** What an AWS call gives on this machine: the fields of the response, flat, as `AwsCustomResource` names them. */
type Answer = (machine: Machine, parameters: Record<string, unknown>) => Record<string, unknown>;

const nothingToStop: Answer = (machine, parameters) => {
  machine.progress(
    `the application ${parameters.applicationId ?? ''} has nothing to stop here: each job is a process of its own`,
  );
  return {};
};

/** The calls that have an answer here, by service and action in lower case. */
const answers: Readonly<Record<string, Answer>> = {
  'kafka.getbootstrapbrokers': (machine) => ({ BootstrapBrokerStringSaslIam: machine.endpoints.bootstrapServers }),
  // The list of S3's addresses, for a rule of a security group; nothing here asks a security group.
  'ec2.describemanagedprefixlists': () => ({ 'PrefixLists.0.PrefixListId': 'pl-00000000' }),
  'emrserverless.stopapplication': nothingToStop,
  'emrserverless.getapplication': () => ({ 'application.state': 'STOPPED' }),
};

/** `AwsCustomResource`: a call of an AWS API at Create, Update or Delete. */
export const awsCall: Provider = {
  stand: 'the same question, put to the local service',
  create: (request, machine) => call(request, 'Create', machine) ?? { physicalId: randomUUID(), attributes: {} },
  update: (request, previous, machine) =>
    call(request, 'Update', machine, previous.physicalId) ?? {
      physicalId: previous.physicalId,
      attributes: previous.attributes,
    },
  remove: (stack, resource, machine) => {
    call({ ...resource, stack }, 'Delete', machine, resource.physicalId);
  },
};

/** Whether a custom resource carries calls as `AwsCustomResource` does: JSON text that names a service and an action. */
export function isAwsCall(properties: Properties): boolean {
  return [properties.Create, properties.Update, properties.Delete].some(
    (text) => typeof text === 'string' && /^\{.*"service":.*"action":/s.test(text),
  );
}

/** Makes the call of one phase; `undefined` when the resource has none for it. */
function call(
  request: ResourceRequest,
  phase: 'Create' | 'Update' | 'Delete',
  machine: Machine,
  physicalId?: string,
): Outcome | undefined {
  const text = request.properties[phase];
  if (text === undefined) return undefined;
  const described: unknown = typeof text === 'string' ? JSON.parse(text) : text;
  const { service, action, parameters, physicalResourceId } = isObject(described) ? described : {};
  const answer = answers[`${plain(service, /^@aws-sdk\/client-/)}.${plain(action, /command$/i)}`];
  if (!answer) {
    throw new MillraceError(
      'DEPLOY_UNKNOWN_CALL',
      `${label(request.stack, request.logicalId, request.type)}: at ${phase} it calls ${service}.${action}, which has no counterpart on this machine. Known are: ${Object.keys(answers).join(', ')}.`,
    );
  }
  const attributes = answer(machine, isObject(parameters) ? parameters : {});
  const { id, responsePath } = isObject(physicalResourceId) ? physicalResourceId : {};
  const named = typeof responsePath === 'string' ? attributes[responsePath] : id;
  return { physicalId: typeof named === 'string' ? named : (physicalId ?? request.logicalId), attributes };
}

function plain(name: unknown, affix: RegExp): string {
  return String(name)
    .replace(affix, '')
    .replace(/[^A-Za-z0-9]/g, '')
    .toLowerCase();
}
