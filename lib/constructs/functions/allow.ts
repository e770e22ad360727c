/** A statement of a policy. */
import * as iam from 'aws-cdk-lib/aws-iam';

/** Allows actions on resources to a role, or to whoever a policy is attached to. */
export function allow(
  grantee: iam.IGrantable,
  actions: string[],
  resources: readonly string[],
  conditions: Readonly<Record<string, unknown>> = {},
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({ actions, resources: [...resources], conditions }),
  );
}
