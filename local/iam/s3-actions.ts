/** What a request to S3 asks for: its operation, and the actions on resources that it takes to be allowed. */
import { parametersOf, type SignedRequest } from './s3-signature.ts';

/** One action on one resource, with what conditions look at. */
export interface Access {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface S3Call {
  /** As S3 names it, such as `HeadObject`. */
  readonly operation: string;
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly accesses: readonly Access[];
  /** What it takes to be told that there is no such object. */
  readonly missing?: Access;
  /** The object that stands for the folder that is listed, on the first page of the list. */
  readonly marker?: string;
}

/** Operations on a bucket by method, with the parameter that tells them from others. The first that fits is meant. */
const ofBuckets: readonly (readonly [method: string, parameter: string, operation: string, action: string])[] = [
  ['GET', 'location', 'GetBucketLocation', 's3:GetBucketLocation'],
  ['GET', 'uploads', 'ListMultipartUploads', 's3:ListBucketMultipartUploads'],
  ['GET', 'list-type', 'ListObjectsV2', 's3:ListBucket'],
  ['HEAD', '', 'HeadBucket', 's3:ListBucket'],
];
const ofObjects: typeof ofBuckets = [
  ['GET', 'uploadId', 'ListParts', 's3:ListMultipartUploadParts'],
  ['GET', '', 'GetObject', 's3:GetObject'],
  ['HEAD', '', 'HeadObject', 's3:GetObject'],
  ['PUT', 'uploadId', 'UploadPart', 's3:PutObject'],
  ['PUT', '', 'PutObject', 's3:PutObject'],
  ['POST', 'uploads', 'CreateMultipartUpload', 's3:PutObject'],
  ['POST', 'uploadId', 'CompleteMultipartUpload', 's3:PutObject'],
  ['DELETE', 'uploadId', 'AbortMultipartUpload', 's3:AbortMultipartUpload'],
  ['DELETE', '', 'DeleteObject', 's3:DeleteObject'],
];
/** Parameters that ask for something else where no operation above names them: versions, tags and lists of access. */
const others = [
  'acl',
  'attributes',
  'legal-hold',
  'policy',
  'restore',
  'retention',
  'tagging',
  'torrent',
  'versionId',
  'versions',
];

/** Headers that take a right of their own: to set tags, locks and lists of access. */
const otherHeaders = /^x-amz-(acl|bypass-.+|grant-.+|object-lock-.+|tagging)$/;

/** Whose connections are private here as on AWS, where each is made with TLS. */
const always = { 'aws:SecureTransport': 'true' };

/** Reads a request with the bucket in its path; undefined for what jobs never ask for, which is then refused. */
export function callOf({ method, target, headers }: SignedRequest): S3Call | undefined {
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  const [bucket = '', key = ''] = decodeURIComponent(path.slice(1)).split(/\/(.*)/s);
  const pairs = parametersOf(query);
  const parameters = Object.fromEntries(pairs);
  // Of two parameters with one name the server takes the other one.
  if (Object.keys(parameters).length < pairs.length) return undefined;
  if (others.some((name) => Object.hasOwn(parameters, name))) return undefined;
  if (Object.keys(headers).some((name) => otherHeaders.test(name))) return undefined;
  const { prefix = '', uploadId = 'none' } = parameters;
  if (!(isPlain(`${bucket}/${key}`) && isPlain(prefix) && /^[\w-]+$/.test(uploadId))) return undefined;
  if (method === 'POST' && key === '' && Object.hasOwn(parameters, 'delete')) {
    // Which keys are to go is in its body.
    return { operation: 'DeleteObjects', bucket, key, accesses: [] };
  }
  const found = (key === '' ? ofBuckets : ofObjects).find(
    ([each, parameter]) => each === method && (parameter === '' || Object.hasOwn(parameters, parameter)),
  );
  if (!found) return undefined;
  const [, , operation, action] = found;
  if (key === '') {
    const { 'continuation-token': page, 'start-after': after } = parameters;
    const marker = operation === 'ListObjectsV2' && prefix.endsWith('/') && !page && !after ? { marker: prefix } : {};
    const access = { action, resource: arnOf(bucket), context: listed(parameters) };
    return { operation, bucket, key, accesses: [access], ...marker };
  }
  const access = { action, resource: arnOf(bucket, key), context: always };
  const source = headers['x-amz-copy-source'];
  if (method === 'PUT' && typeof source === 'string') {
    const place = decodeURIComponent(source.replace(/^\//, ''));
    if (!isPlain(place) || source.includes('?')) return undefined;
    const [from = '', name = ''] = place.split(/\/(.*)/s);
    const read = { action: 's3:GetObject', resource: arnOf(from, name), context: always };
    const copy = operation === 'UploadPart' ? 'UploadPartCopy' : 'CopyObject';
    return { operation: copy, bucket, key, accesses: [read, access], missing: listing(from, name) };
  }
  const reads = action === 's3:GetObject';
  return { operation, bucket, key, accesses: [access], ...(reads && { missing: listing(bucket, key) }) };
}

/** Whether a name means the same to S3, to which it is a text, as to a server that keeps files: there dots lead out of the folder that is granted. */
export const isPlain = (name: string): boolean =>
  name.split('/').every((part, index, parts) => (part === '' ? index === parts.length - 1 : !/^\.{1,2}$/.test(part)));

/** The access that it takes to delete one of many objects. */
export const deletion = (bucket: string, key: string): Access => ({
  action: 's3:DeleteObject',
  resource: arnOf(bucket, key),
  context: always,
});

/** Who may list an object by its name may know that it is not there. */
const listing = (bucket: string, key: string): Access => ({
  action: 's3:ListBucket',
  resource: arnOf(bucket),
  context: { ...always, 's3:prefix': key },
});

function listed(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const given = ['prefix', 'delimiter', 'max-keys'].flatMap((name) =>
    parameters[name] === undefined ? [] : [[`s3:${name}`, parameters[name]] as const],
  );
  return { ...always, ...Object.fromEntries(given) };
}

const arnOf = (bucket: string, key?: string): string => `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
