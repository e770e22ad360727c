/** What is known of the deployed roles on this machine: their policies, and the credentials that each got when it was deployed first. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, readText, writeFileAtomically } from '../../tools/files.mjs';
import type { Home } from '../home.ts';

/** What who signs requests as a role needs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface AccessRole extends Credentials {
  readonly arn: string;
  readonly name: string;
  /** Path of its stack. */
  readonly stack: string;
  readonly logicalId: string;
  /** `pipeline/job` of the job whose role it is. */
  readonly job?: string;
  /** Who may be it. */
  readonly trust: unknown;
  readonly policies: readonly { readonly name: string; readonly document: unknown }[];
}

/** The content of `access.json`. */
export interface AccessFile {
  readonly roles: readonly AccessRole[];
  readonly resources: readonly { readonly arn: string; readonly policy: unknown }[];
  /** Of endpoints in the network of the jobs. */
  readonly endpoints: readonly { readonly service: string; readonly policy: unknown }[];
  /** ARN of the cluster for which the broker of this machine stands. */
  readonly kafkaCluster?: string | undefined;
}

/** Who may read it may be any role. */
const secretMode = 0o600;

export const accessFile = (home: Home): string => join(home.iam, 'access.json');

export function readAccess(home: Home): AccessFile {
  const isWhole = (all: AccessFile) => [all.roles, all.resources, all.endpoints].every(Array.isArray);
  const content = readJson(accessFile(home), 'Remove it and run "npx millrace up".', isWhole);
  return (content ?? { roles: [], resources: [], endpoints: [] }) as AccessFile;
}

/** Writes down who may do what, where that differs from what is there. */
export function writeAccess(home: Home, content: AccessFile): void {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (text !== readText(accessFile(home))) writeFileAtomically(accessFile(home), text, secretMode);
}

/** The credentials of a deployed role; undefined for one that is not deployed. */
export function credentialsOf(home: Home, roleArn: string): Credentials | undefined {
  return readAccess(home).roles.find(({ arn }) => arn === roleArn);
}

/** The credentials of a role as AWS's SDKs look for them; none for one that is not deployed. */
export function credentialVariables(home: Home, roleArn: string): Record<string, string> {
  const credentials = credentialsOf(home, roleArn);
  if (!credentials) return {};
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}

/** What who asks the decision service has to know; made when it is asked for first. */
export function tokenOf(home: Home): string {
  const file = join(home.iam, 'token');
  const known = readText(file);
  if (known !== undefined) return known;
  const token = randomBytes(32).toString('hex');
  writeFileAtomically(file, token, secretMode);
  return token;
}
