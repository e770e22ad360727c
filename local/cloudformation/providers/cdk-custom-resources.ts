/** Custom resources that ask AWS for something: here the same question is put to what stands for the service. */
import { randomUUID } from 'node:crypto';
import { isObject } from '../../../lib/declaration/json.ts';
import { MillraceError } from '../../../tools/errors.mjs';
import { BucketStore } from '../stores.ts';
import { type Machine, nameIn, type Provider, type ResourceRequest, upserting, used } from './provider.ts';

/** Another bucket is another physical id, so that the deletion that follows empties the old one. */
const emptiedBucket = upserting(
  'empties the folder of the bucket when the bucket is deleted, and not before',
  (request) => ({ physicalId: String(used(request, 'BucketName').BucketName), attributes: {} }),
  (resource, machine) => new BucketStore(machine.home).empty(resource.physicalId),
);

const stoppedApplication = upserting(
  'an entry: there is nothing to stop, since each job is a process of its own',
  ({ logicalId }) => ({ physicalId: logicalId, attributes: {} }),
);

/** What an AWS call gives on this machine: the fields of the response, flat, as `AwsCustomResource` names them. */
type Answer = (machine: Machine) => Record<string, unknown>;

/** By service and action in lower case. */
const answers: Readonly<Record<string, Answer>> = {
  'kafka.getbootstrapbrokers': (machine) => ({ BootstrapBrokerStringSaslIam: machine.endpoints.bootstrapServers }),
  // The list of S3's addresses, for a rule of a security group; nothing here asks a security group.
  'ec2.describemanagedprefixlists': () => ({ 'PrefixLists.0.PrefixListId': 'pl-00000000' }),
};

/** `AwsCustomResource`: a call of an AWS API at Create, Update or Delete. */
const awsCall: Provider = {
  reason: 'the same question, put to the local service',
  create: (request, machine) => call(request, 'Create', machine) ?? { physicalId: randomUUID(), attributes: {} },
  update: (request, previous, machine) => call(request, 'Update', machine, previous.physicalId) ?? previous,
  remove: (stack, resource, machine) => {
    call({ ...resource, stack }, 'Delete', machine, resource.physicalId);
  },
};

/** Makes the call of one phase; `undefined` when the resource has none for it. */
function call(request: ResourceRequest, phase: 'Create' | 'Update' | 'Delete', machine: Machine, physicalId?: string) {
  const text = request.properties[phase];
  if (text === undefined) return undefined;
  const described: unknown = typeof text === 'string' ? JSON.parse(text) : text;
  const { service, action, physicalResourceId } = isObject(described) ? described : {};
  const answer = answers[`${plain(service, /^@aws-sdk\/client-/)}.${plain(action, /command$/i)}`];
  if (!answer) {
    throw new MillraceError(
      'DEPLOY_UNKNOWN_CALL',
      `${nameIn(request)}: at ${phase} it calls ${service}.${action}, which has no counterpart on this machine. Known are: ${Object.keys(answers).join(', ')}.`,
    );
  }
  const attributes = answer(machine);
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

export const providers: Record<string, Provider> = {
  'Custom::AWS': awsCall,
  'Custom::EmptiedBucket': emptiedBucket,
  'Custom::S3AutoDeleteObjects': emptiedBucket,
  'Custom::StoppedApplication': stoppedApplication,
};
