/** What stands for AWS Secrets Manager: one call of it, decided by the role whose access key signed the request. */
import type { IncomingHttpHeaders } from 'node:http';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Home } from '../home.ts';
import { secretOf } from '../services/sources.ts';
import { callsBeside } from './calls.ts';
import type { DecisionPoint } from './decision-point.ts';

/** How the service names its call in a header. */
const GET = 'secretsmanager.GetSecretValue';

export const isForSecrets = (headers: IncomingHttpHeaders): boolean =>
  String(headers['x-amz-target']).startsWith('secretsmanager.');

/** The status and the body of an answer, as the service's own protocol has them (JSON 1.1). */
export function answerOfSecrets(
  home: Home,
  point: Pick<DecisionPoint, 'decide' | 'roleOfKey'>,
  headers: IncomingHttpHeaders,
  body: string,
): readonly [status: number, body: unknown] {
  const refuse = (type: string, message: string) => [400, { __type: type, message }] as const;
  if (headers['x-amz-target'] !== GET) {
    return refuse('InvalidRequestException', `${headers['x-amz-target']} is not served on this machine, only ${GET}.`);
  }
  const [, key = 'none', region = ''] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const role = point.roleOfKey(key);
  if (!role) return refuse('UnrecognizedClientException', `No role has the access key ${key}.`);
  const name = String(objectIn(body)?.SecretId);
  const [, , , , account] = role.arn.split(':');
  const asked = callsBeside(`arn:aws:iam:${region}:${account}`).getSecret(name);
  const { allowed, reason } = point.decide({ ...asked, principal: role.arn });
  if (!allowed) return refuse('AccessDeniedException', reason);
  const texts = secretOf(home, name);
  if (!texts) return refuse('ResourceNotFoundException', `Secrets Manager can't find the secret ${name}.`);
  return [200, { ARN: asked.resource, Name: name, SecretString: JSON.stringify(texts) }];
}
