/**
 * What jobs reach as DynamoDB in strict runs: compares each request's signature, decides it by the deployed policies as DynamoDB and the endpoint in front of it
 * would, and passes it on to the server that keeps the items.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request as connect, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import type { S3FrontOptions } from './s3-front.ts';
import { authorizationOf, faultOf } from './s3-signature.ts';

export interface DynamodbFrontOptions extends Pick<S3FrontOptions, 'signer'> {
  readonly decide: (request: { readonly principal: string; readonly action: string; readonly resource: string }) => {
    readonly allowed: boolean;
    readonly reason: string;
  };
  /** Address of the server that keeps the items. */
  readonly server: () => string;
}

/** What DynamoDB answers instead of what was asked for: the name of its error, and words. */
class Refusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Operations on one table, whose name stands beside what is asked. */
const ON_ONE = /^(DeleteItem|DescribeTable|GetItem|PutItem|Query|Scan|UpdateItem)$/;
/** Operations on several, by whose names stands what is asked. */
const ON_SEVERAL = /^(BatchGetItem|BatchWriteItem)$/;
/** More than DynamoDB takes. */
const MOST_BYTES = 17 * 1024 ** 2;
const CONTENT_HASH = 'x-amz-content-sha256';

export function dynamodbFront(
  options: DynamodbFrontOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const agent = new Agent({ keepAlive: true });
  return (request, response) => {
    void serve(request, response, options, agent).catch((error: unknown) => {
      if (!(error instanceof Refusal)) console.error(error);
      if (response.headersSent) return void response.destroy();
      const { name, message } =
        error instanceof Refusal ? error : new Refusal('InternalServerError', 'DynamoDB does not answer.');
      response.writeHead(name === 'InternalServerError' ? 500 : 400, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-requestid': randomBytes(26).toString('hex').toUpperCase(),
      });
      response.end(JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message }));
    });
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { signer: signerOf, decide, server }: DynamodbFrontOptions,
  agent: Agent,
): Promise<void> {
  const body = await buffer(request);
  if (body.length > MOST_BYTES) throw new Refusal('ValidationException', 'The request is too long.');
  const { method = '', url: target = '', headers } = request;
  const hash = createHash('sha256').update(body).digest('hex');
  // The hash is part of what is signed, whether it is also sent or not.
  const asked = { method, target, headers: { ...headers, [CONTENT_HASH]: hash } };
  const authorization = authorizationOf(asked);
  if (!authorization) throw new Refusal('MissingAuthenticationTokenException', 'The request is not signed.');
  const signer = signerOf(authorization.accessKeyId);
  const fault = signer && faultOf(asked, authorization, signer, Date.now());
  if (!signer || fault !== undefined) {
    const message = 'The request was not signed with what a role of this machine was given.';
    throw new Refusal(
      fault === 'SignatureDoesNotMatch' ? 'InvalidSignatureException' : 'UnrecognizedClientException',
      message,
    );
  }
  const [, operation = ''] = /^DynamoDB_20120810\.(\w+)$/.exec(String(headers['x-amz-target'])) ?? [];
  const [, region] = authorization.scope.split('/');
  const account = signer.arn.split(':')[4];
  for (const table of tablesIn(operation, objectIn(body.toString()) ?? {})) {
    const resource = table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${account}:table/${table}`;
    const { allowed, reason } = decide({ principal: signer.arn, action: `dynamodb:${operation}`, resource });
    if (!allowed) throw new Refusal('AccessDeniedException', reason);
  }
  const { authorization: signature = '', 'x-amz-target': what = '' } = headers;
  const onward = connect(server(), {
    method,
    agent,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': body.length,
      'x-amz-target': what,
      authorization: signature,
    },
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    onward.once('error', reject).once('response', resolve).end(body);
  });
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

/** The tables that a request is about. */
function tablesIn(operation: string, parameters: Readonly<Record<string, unknown>>): string[] {
  if (ON_ONE.test(operation) && typeof parameters.TableName === 'string') return [parameters.TableName];
  const { RequestItems: several } = parameters;
  if (ON_SEVERAL.test(operation) && isObject(several) && Object.keys(several).length > 0) return Object.keys(several);
  throw new Refusal(
    'UnknownOperationException',
    `${operation || 'A request without an operation'} is not answered here.`,
  );
}
