/** Signature version 4 of requests to S3, as it stands in headers: made anew, to be compared. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it is signed; names of headers are in lower case. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What a request says about its signature. */
export interface Authorization {
  readonly accessKeyId: string;
  /** Day, Region, service and a last word, with slashes between. */
  readonly scope: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** How far clocks may differ. */
const MOST_SKEW_MS = 15 * 60_000;
const headers = { authorization: 'authorization', content: 'x-amz-content-sha256', date: 'x-amz-date' } as const;
export const tokenHeader = 'x-amz-security-token';

/** Reads the header that holds the signature; undefined where it has another form. */
export function authorizationOf(request: SignedRequest): Authorization | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const found = form.exec(headerOf(request, headers.authorization));
  if (!found) return undefined;
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature = ''] = found;
  return { accessKeyId, scope, signedHeaders, signature };
}

/** Why a request was not signed with these credentials; undefined when it was. The chunks of a body are not compared: nothing lies between the two processes. */
export function faultOf(
  request: SignedRequest,
  authorization: Authorization,
  credentials: Credentials,
  now: number,
): 'SignatureDoesNotMatch' | 'RequestTimeTooSkewed' | 'InvalidToken' | undefined {
  const { accessKeyId: _, signature, ...given } = authorization;
  const { sessionToken = '' } = credentials;
  if (!isSame(headerOf(request, tokenHeader), sessionToken)) return 'InvalidToken';
  const time = headerOf(request, headers.date);
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(now - at) < MOST_SKEW_MS) || !given.scope.startsWith(`${time.slice(0, 8)}/`))
    return 'RequestTimeTooSkewed';
  return isSame(signatureOf(request, given, credentials), signature) ? undefined : 'SignatureDoesNotMatch';
}

/** The signature that a request has when it is signed with these credentials. */
export function signatureOf(
  request: SignedRequest,
  { scope, signedHeaders }: Pick<Authorization, 'scope' | 'signedHeaders'>,
  { secretAccessKey }: Credentials,
): string {
  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const parameters = [...parametersOf(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const canonical = [
    request.method,
    path
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    parameters.join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${headerOf(request, name)}`),
    '',
    signedHeaders,
    headerOf(request, headers.content),
  ].join('\n');
  const text = [
    ALGORITHM,
    headerOf(request, headers.date),
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ];
  let key = Buffer.from(`AWS4${secretAccessKey}`);
  for (const part of [...scope.split('/'), text.join('\n')]) key = createHmac('sha256', key).update(part).digest();
  return key.toString('hex');
}

/** The parameters of a query in their order; a plus is a plus. */
export function parametersOf(query: string): [name: string, value: string][] {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return pairs.map((pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return [decodeURIComponent(name), decodeURIComponent(value)];
  });
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const headerOf = ({ headers }: SignedRequest, name: string): string =>
  [headers[name] ?? ''].flat().join(',').trim().replace(/ +/g, ' ');

const isSame = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};
