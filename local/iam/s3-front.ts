/**
 * What jobs reach as S3: compares each request's signature, decides it by the deployed policies as S3 and the endpoint in front of it would, counts it,
 * and passes it on to the server that keeps the objects.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  Agent,
  request as connect,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { contentOf } from './aws-chunked.ts';
import { type Access, callOf, deletion, isPlain, type S3Call } from './s3-actions.ts';
import { authorizationOf, type Credentials, faultOf, tokenHeader } from './s3-signature.ts';

/** Who signed a request. */
interface Signer extends Credentials {
  readonly arn: string;
}

export interface S3FrontOptions {
  /** The role whose access key it is. */
  readonly signer: (accessKeyId: string) => Signer | undefined;
  readonly decide: (request: Access & { readonly principal: string }) => {
    readonly allowed: boolean;
    readonly reason: string;
  };
  /** Told of every request whose signature is right. */
  readonly count: (userAgent: string, operation: string) => void;
  /** The server that keeps the objects: its port, and the path that its buckets are below. */
  readonly server: () => { readonly port: number; readonly path: string };
}

/** What S3 answers instead of what was asked for. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Headers that are about one connection, or about the signature that was compared. */
const notPassedOn = [
  'authorization',
  'connection',
  'expect',
  'host',
  'keep-alive',
  'te',
  tokenHeader,
  'trailer',
  'upgrade',
];
const [contentHash, decodedLength] = ['x-amz-content-sha256', 'x-amz-decoded-content-length'] as const;
/** Headers about a body as it was sent. */
const ofTheBody = [decodedLength, 'content-encoding', 'content-md5', 'transfer-encoding', 'x-amz-trailer'];
/** The most objects that one request may delete, with names of the greatest length. */
const MOST_TEXT = 2 * 1024 * 1024;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** For both events of a server that say that there is a request: `request` and `checkContinue`. */
export function s3Front(options: S3FrontOptions): Listener {
  const agent = new Agent({ keepAlive: true });
  return (request, response) => {
    void serve(request, response, options, agent).catch((error: unknown) => {
      if (error instanceof URIError) {
        return refuse(request, response, { status: 400, code: 'InvalidURI', message: 'The address cannot be read.' });
      }
      console.error(error);
      if (response.headersSent) response.destroy();
      else
        refuse(request, response, {
          status: 503,
          code: 'ServiceUnavailable',
          message: 'The S3 server does not answer.',
        });
    });
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: S3FrontOptions,
  agent: Agent,
): Promise<void> {
  const { method = '', url: target = '', headers } = request;
  const asked = { method, target, headers };
  const signer = signerOf(asked, options);
  if ('code' in signer) return refuse(request, response, signer);
  const call = callOf(asked);
  options.count(headers['user-agent'] ?? '', call?.operation ?? 'other');
  if (!call) {
    return refuse(request, response, {
      status: 501,
      code: 'NotImplemented',
      message: `${method} ${target} is nothing that is answered here.`,
    });
  }
  const denial = (accesses: readonly Access[]): string | undefined => {
    for (const access of accesses) {
      const { allowed, reason } = options.decide({ ...access, principal: signer.arn });
      if (!allowed) return reason;
    }
    return undefined;
  };
  const reason = denial(call.accesses);
  if (reason !== undefined) return refuse(request, response, accessDenied(reason));
  if (headers.expect) response.writeContinue();
  const passOn = (body?: string) => answerOf(request, call, body, options.server(), agent);
  if (call.operation === 'ListObjectsV2') return listObjects(response, call, options.server(), agent, passOn);
  if (call.operation === 'DeleteObjects') return deleteObjects(request, response, call, denial, passOn);
  const answer = await passOn();
  const hidden = answer.statusCode === 404 && call.missing ? denial([call.missing]) : undefined;
  if (hidden !== undefined) {
    answer.resume();
    return refuse(request, response, accessDenied(hidden));
  }
  response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
  await pipeline(answer, response);
}

/** The role that signed a request, or why none did. */
function signerOf(
  asked: { method: string; target: string; headers: IncomingHttpHeaders },
  options: S3FrontOptions,
): Signer | Refusal {
  const authorization = authorizationOf(asked);
  if (!authorization) return { status: 403, code: 'AccessDenied', message: 'The request is not signed.' };
  const signer = options.signer(authorization.accessKeyId);
  if (!signer)
    return { status: 403, code: 'InvalidAccessKeyId', message: 'No role of this machine has this access key.' };
  const fault = faultOf(asked, authorization, signer, Date.now());
  if (fault === undefined) return signer;
  return {
    status: fault === 'InvalidToken' ? 400 : 403,
    code: fault,
    message: 'The request was not signed with what this role was given.',
  };
}

/** The answer of the server to a request, with its body or another one. */
function answerOf(
  request: IncomingMessage,
  { bucket, key }: S3Call,
  body: string | undefined,
  { port, path }: ReturnType<S3FrontOptions['server']>,
  agent: Agent,
): Promise<IncomingMessage> {
  const headers = passedOn(request.headers);
  const inChunks = String(headers[contentHash]).startsWith('STREAMING-');
  if (inChunks) headers['content-length'] = headers[decodedLength] ?? '';
  for (const name of inChunks || body !== undefined ? ofTheBody : []) delete headers[name];
  headers[contentHash] = 'UNSIGNED-PAYLOAD';
  if (body !== undefined) {
    headers['content-length'] = String(Buffer.byteLength(body));
    headers['content-md5'] = createHash('md5').update(body).digest('base64');
  }
  return new Promise((resolve, reject) => {
    // Written anew, so that the server reads what was decided.
    const [, query] = (request.url ?? '').split(/\?(.*)/s);
    const target = `${pathOf(path, bucket, key)}${query === undefined ? '' : `?${query}`}`;
    const onward = connect({ host: '127.0.0.1', port, method: request.method, path: target, agent, headers });
    onward.once('error', reject).once('response', (answer) => {
      const { 'content-type': type = '' } = answer.headers;
      const isPage = (answer.statusCode ?? 0) >= 400 && type.startsWith('text/html');
      if (!isPage) return resolve(answer);
      // The page of a server that could not read the address says under which path it keeps the objects.
      answer.resume();
      reject(new URIError(`The S3 server could not read ${request.method} ${request.url}.`));
    });
    if (body !== undefined) onward.end(body);
    else pipeline(inChunks ? Readable.from(contentOf(request)) : request, onward).catch(reject);
  });
}

/** Where the server has an object, or a bucket. */
const pathOf = (path: string, bucket: string, key: string): string =>
  [path, bucket, ...(key === '' ? [] : key.split('/'))]
    .map((part, index) => (index ? encodeURIComponent(part) : part))
    .join('/');

/**
 * Lists objects, with those that stand for folders: S3A knows an empty folder by an object whose name ends with a slash. To the server such an object is a
 * folder that has a mark; it leaves it out of a list of what lies in it, and tells neither size nor time of it elsewhere.
 */
async function listObjects(
  response: ServerResponse,
  { bucket, marker }: S3Call,
  { port, path }: ReturnType<S3FrontOptions['server']>,
  agent: Agent,
  passOn: () => Promise<IncomingMessage>,
): Promise<void> {
  const head = (key: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const target = pathOf(path, bucket, key);
      connect({ host: '127.0.0.1', port, method: 'HEAD', path: target, agent }, resolve).once('error', reject).end();
    });
  const [answer, looked] = await Promise.all([passOn(), marker === undefined ? undefined : head(marker)]);
  looked?.resume();
  let listed = (await text(answer)).replace(/(?<=<Contents>)(?:(?!<Size>).)*?(?=<\/Contents>)/gs, (entry) => {
    const [key = ''] = /<Key>.*<\/Key>/s.exec(entry) ?? [];
    return `${key}<LastModified>${new Date(0).toISOString()}</LastModified><Size>0</Size>`;
  });
  // A file answers to its name with a slash too, and is no folder.
  const isFolder = looked?.statusCode === 200 && looked.headers['content-type'] === 'application/x-directory';
  if (marker !== undefined && isFolder && answer.statusCode === 200) {
    const modified = new Date(looked.headers['last-modified'] ?? 0).toISOString();
    const entry = `<Contents><Key>${escaped(marker)}</Key><LastModified>${modified}</LastModified><Size>0</Size></Contents>`;
    listed = listed
      .replace(/(?<=<KeyCount>)\d+/, (count) => String(Number(count) + 1))
      .replace(/(?=<Contents>|<CommonPrefixes>|<\/ListBucketResult>)/, entry);
  }
  response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/xml' }).end(listed);
}

/** Deletes those of many objects that may be deleted, and says which may not. */
async function deleteObjects(
  request: IncomingMessage,
  response: ServerResponse,
  { bucket }: S3Call,
  denial: (accesses: readonly Access[]) => string | undefined,
  passOn: (body: string) => Promise<IncomingMessage>,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) > MOST_TEXT) {
    return refuse(request, response, {
      status: 400,
      code: 'MalformedXML',
      message: 'The list of objects is too long, or of unknown length.',
    });
  }
  const wanted = await text(request);
  const errors: string[] = [];
  const objects = /^(?:<\?xml[^<>]*>)?\s*<Delete(?: [^<>]*)?>(.*)<\/Delete>\s*$/s.exec(wanted)?.[1] ?? '';
  const object = /\s*<Object>\s*<Key>([^<>]*)<\/Key>\s*<\/Object>|\s*<Quiet>(?:true|false)<\/Quiet>\s*/g;
  const keys = [...objects.matchAll(object)].flatMap(([, key]) => (key === undefined ? [] : [unescaped(key)]));
  if (keys.length === 0 || objects.replace(object, '').trim() !== '' || !keys.every(isPlain)) {
    return refuse(request, response, {
      status: 400,
      code: 'MalformedXML',
      message: 'The list of objects has something else than keys of objects.',
    });
  }
  const allowed = keys.filter((key) => {
    const reason = denial([deletion(bucket, key)]);
    if (reason === undefined) return true;
    const told = `<Code>AccessDenied</Code><Message>${escaped(reason)}</Message>`;
    errors.push(`<Error><Key>${escaped(key)}</Key>${told}</Error>`);
    return false;
  });
  // To the server the object of a folder is the folder, which has to be empty. Written anew, so that the server reads what was decided.
  const inside = allowed
    .sort((one, other) => (one < other ? 1 : -1))
    .map((key) => `<Object><Key>${escaped(key)}</Key></Object>`);
  let answer = '<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>';
  if (inside.length > 0) {
    const quiet = wanted.includes('<Quiet>true</Quiet>') ? '<Quiet>true</Quiet>' : '';
    const kept = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${quiet}${inside.join('')}</Delete>`;
    const given = await passOn(kept);
    answer = await text(given);
    if (given.statusCode !== 200) {
      response.writeHead(given.statusCode ?? 502, { 'content-type': 'application/xml' }).end(answer);
      return;
    }
  }
  const whole = answer.replace(/<DeleteResult([^>]*)\/>/, '<DeleteResult$1></DeleteResult>');
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(whole.replace('</DeleteResult>', `${errors.join('')}</DeleteResult>`));
}

const accessDenied = (message: string): Refusal => ({ status: 403, code: 'AccessDenied', message });

function refuse(request: IncomingMessage, response: ServerResponse, { status, code, message }: Refusal): void {
  const id = randomBytes(8).toString('hex').toUpperCase();
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message><RequestId>${id}</RequestId></Error>`;
  request.resume();
  response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': id });
  response.end(request.method === 'HEAD' ? undefined : body);
}

const passedOn = (headers: IncomingHttpHeaders): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || notPassedOn.includes(name) ? [] : [[name, value]],
    ),
  );

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' } as const;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign as keyof typeof entities]);

function unescaped(text: string): string {
  const signs = Object.fromEntries(Object.entries(entities).map(([sign, entity]) => [entity, sign]));
  return text.replace(/&(?:#x?[0-9a-f]+|\w+);/gi, (entity) => {
    const [, hexadecimal, digits] = /^&#(x?)([0-9a-f]+);$/i.exec(entity) ?? [];
    if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, hexadecimal ? 16 : 10));
    return signs[entity] ?? entity;
  });
}
