/** Signatures as AWS documents them; those that its clients make are in the tests of the front. */
import { expect, test } from 'vitest';
import { authorizationOf, faultOf } from '../../../local/iam/s3-signature.ts';

// The example of S3's documentation, "GET Object".
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const at = Date.UTC(2013, 4, 24);
const documented = {
  method: 'GET',
  target: '/test.txt',
  headers: {
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
  },
};

function fault(request: typeof documented, now = at, sessionToken?: string) {
  const authorization = authorizationOf(request);
  return (
    authorization && faultOf(request, authorization, { ...credentials, ...(sessionToken && { sessionToken }) }, now)
  );
}

test('the signature of AWS’s own example is right', () => {
  expect(authorizationOf(documented)).toMatchObject({ accessKeyId: credentials.accessKeyId });
  expect(fault(documented)).toBeUndefined();
});

test('a request that was changed, is old, or lacks its session token is refused', () => {
  expect(fault({ ...documented, target: '/test.txt?versionId=1' })).toBe('SignatureDoesNotMatch');
  expect(fault({ ...documented, headers: { ...documented.headers, range: 'bytes=0-99' } })).toBe(
    'SignatureDoesNotMatch',
  );
  expect(fault(documented, at + 16 * 60_000)).toBe('RequestTimeTooSkewed');
  expect(fault(documented, at, 'token')).toBe('InvalidToken');
});
