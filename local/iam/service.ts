/**
 * The decision service, for those who are asked by clients of AWS and do not run in a command: the broker, and what stands for S3, DynamoDB and Secrets Manager,
 * which are served here too. Its words are the folder of the home and the three ports.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import { messageOf } from '../../tools/errors.mjs';
import { millraceHome } from '../home.ts';
import { dynamodbUrl } from '../services/dynamodb.ts';
import { s3ServerOf } from '../services/s3.ts';
import { tokenOf } from './access.ts';
import { DecisionPoint } from './decision-point.ts';
import { dynamodbFront } from './dynamodb-front.ts';
import type { RequestContext } from './policy.ts';
import { s3Front } from './s3-front.ts';
import { RequestCounts } from './s3-requests.ts';
import { answerOfSecrets, isForSecrets } from './secrets.ts';

const [root, port, s3Port, dynamodbPort] = process.argv.slice(2);
const home = millraceHome(root);
const token = Buffer.from(`Bearer ${tokenOf(home)}`);
const point = new DecisionPoint(home);

type Answer = readonly [status: number, body: unknown];

const refuse = (what: string): Answer => [400, { error: what }];

async function answer(request: IncomingMessage): Promise<Answer> {
  // Who asks for a secret has credentials, and no token.
  if (isForSecrets(request.headers)) return answerOfSecrets(home, point, request.headers, await text(request));
  const given = Buffer.from(request.headers.authorization ?? '');
  if (given.length !== token.length || !timingSafeEqual(given, token)) return [401, { error: 'the token is missing' }];
  const [, key] = /^\/keys\/(\w+)$/.exec(request.url ?? '') ?? [];
  if (request.method === 'GET' && key !== undefined) return keys(key);
  if (request.method === 'POST' && request.url === '/decide') return decide(objectIn(await text(request)));
  return refuse(
    `${request.method} ${request.url} is nothing that is answered; allowed: POST /decide, GET /keys/<access key>`,
  );
}

function keys(accessKeyId: string): Answer {
  const role = point.roleOfKey(accessKeyId);
  if (!role) return [404, { error: `no role has the access key ${accessKeyId}` }];
  const { secretAccessKey, sessionToken, arn } = role;
  return [200, { secretAccessKey, sessionToken, role: arn }];
}

function decide(body: ReturnType<typeof objectIn>): Answer {
  const { accessKeyId, action, resource, context = {}, quiet = false } = body ?? {};
  if (
    typeof accessKeyId !== 'string' ||
    typeof action !== 'string' ||
    typeof resource !== 'string' ||
    !isContext(context)
  ) {
    return refuse(
      'a request has accessKeyId, action and resource as texts, and context as an object of texts or lists of them',
    );
  }
  const role = point.roleOfKey(accessKeyId);
  if (!role) return [200, { allowed: false, reason: `no role has the access key ${accessKeyId}` }];
  const { allowed, reason } = point.decide({ principal: role.arn, action, resource, context }, quiet === true);
  return [200, { allowed, reason }];
}

function isContext(value: unknown): value is RequestContext {
  const isText = (one: unknown) => typeof one === 'string';
  return (
    isObject(value) && Object.values(value).every((one) => isText(one) || (Array.isArray(one) && one.every(isText)))
  );
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error: unknown): Answer => {
    console.error(error);
    return [500, { error: messageOf(error) }];
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
const counts = new RequestCounts(home.jobRuns);
const front = s3Front({
  signer: (accessKeyId) => point.roleOfKey(accessKeyId),
  decide: (request) => point.decide(request),
  count: (userAgent, operation) => counts.count(userAgent, operation),
  server: () => s3ServerOf(home),
});
const s3Server = createServer(front).on('checkContinue', front);
const dynamodbServer = createServer(
  dynamodbFront({
    signer: (accessKeyId) => point.roleOfKey(accessKeyId),
    decide: (request) => point.decide(request),
    server: () => dynamodbUrl(home),
  }),
);
for (const [each, itsPort] of [
  [server, port],
  [s3Server, s3Port],
  [dynamodbServer, dynamodbPort],
] as const) {
  each.on('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  each.listen(Number(itsPort), '127.0.0.1', () => console.log(`listening on 127.0.0.1:${itsPort}`));
}
process.once('SIGTERM', () => process.exit(0));
