/** The key of an environment that brings its own, in place of the keys that AWS owns. */
import { Aspects, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { allow } from '../functions/allow.ts';

export interface CustomerKeyProps {
  readonly name: string;
  /** What becomes of the key, and of all that can only be read with it, when its stack is destroyed. */
  readonly removalPolicy: RemovalPolicy;
}

/** A key that changes its material every year. */
export class CustomerKey extends kms.Key {
  constructor(scope: Construct, id: string, props: CustomerKeyProps) {
    super(scope, id, {
      alias: props.name,
      description: `Data and logs of ${props.name}`,
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy,
    });
    const stack = Stack.of(this);
    // CloudWatch Logs asks for itself, on behalf of whoever writes or reads a group of the account.
    const groups = stack.formatArn({ service: 'logs', resource: 'log-group:*' });
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
      }),
    );
  }

  /** Encrypts all log groups below a construct, whoever makes them. */
  encryptLogs(scope: IConstruct): void {
    const { keyArn } = this;
    Aspects.of(scope).add({
      visit(node) {
        if (node instanceof CfnLogGroup) node.kmsKeyId = keyArn;
      },
    });
  }
}

/** What roles use a key for: through which service, and by which of its actions. */
const USES = {
  readObjects: ['s3', ['kms:Decrypt']],
  writeObjects: ['s3', ['kms:Decrypt', 'kms:GenerateDataKey']],
  useItems: ['dynamodb', ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*']],
  readChanges: ['dynamodb', ['kms:Decrypt']],
  readSecrets: ['secretsmanager', ['kms:Decrypt']],
} as const;

/** Allows to use a key through a service, and in no other way; does nothing where AWS owns the key. */
export function allowKey(role: iam.Role, key: kms.IKey | undefined, use: keyof typeof USES): void {
  if (!key) return;
  const [service, actions] = USES[use];
  const through = { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(role).region}.amazonaws.com` } };
  allow(role, [...actions], [key.keyArn], through);
}
