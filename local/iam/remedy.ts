/** What would grant a request that was denied: the line of a declaration, or the construct that made the role. */
import { checkpointPrefix, INPUT } from '../../lib/declaration/names.ts';
import type { AccessRole } from './access.ts';
import type { AccessRequest } from './policy.ts';

export function remedyOf({ job, stack, logicalId }: AccessRole, request: AccessRequest): string {
  if (job === undefined) return `The role is ${logicalId} of stack ${stack}: lib/constructs grants what it may.`;
  const [pipeline = '', name = ''] = job.split('/');
  return `Declared by ${pipeline}'s job ${name} (pipelines/${pipeline}/pipeline.ts): ${lineOf(request, pipeline, name)}.`;
}

function lineOf({ action, resource, context = {} }: AccessRequest, pipeline: string, job: string): string {
  const [service, what = ''] = action.split(':');
  if (service === 'kafka-cluster') return lineOfKafka(what, resource);
  if (service !== 's3') return 'no declaration grants that to a job';
  const key = String(context['s3:prefix'] ?? resource.replace(/^arn:aws:s3:::[^/]+\/?/, ''));
  const [place = ''] = key.split('/');
  if (key.startsWith(checkpointPrefix(pipeline, job))) return 'kind "stream" has this checkpoint';
  if (place === INPUT) return 'add the file to its reads';
  if (place === 'millrace') return 'its entry point, packages and samples come from there';
  return /Put|Delete|Abort/.test(what)
    ? `add the folder "${place}" to its writes`
    : `add the file or folder "${place}" to its reads or writes`;
}

function lineOfKafka(action: string, resource: string): string {
  const name = resource.split('/').slice(3).join('/');
  if (action.includes('Group')) return 'add the topic that this group reads to its reads';
  if (action === 'ReadData') return `add the topic "${name}" to its reads`;
  if (action === 'WriteData') return `add the topic "${name}" to its writes`;
  if (action === 'DescribeTopic') return `add the topic "${name}" to its reads or writes`;
  if (action === 'WriteDataIdempotently') return 'add a topic to its writes';
  if (action === 'Connect') return 'add a topic to its reads or writes';
  return 'no declaration grants that to a job';
}
