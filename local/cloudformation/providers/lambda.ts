/**
 * Lambda functions on this machine: their code is unpacked where it stays until the next deployment, their settings are recorded; `invoke.ts` runs
 * them. Used by the deployment through `registry.ts`.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../../tools/errors.ts';
import type { Home } from '../../home.ts';
import { isObject } from '../json.ts';
import type { DeployedResource, Properties } from '../model.ts';
import { arn, digest, generatedName } from '../names.ts';
import { label, type Machine, type Provider, type ResourceRequest, upserting, used } from './provider.ts';

/** Where the code of a deployed function lies, unpacked. */
export function codeFolder(home: Home, code: unknown): string {
  const { S3Bucket: bucket, S3Key: key, ZipFile: inline } = isObject(code) ? code : {};
  const name = typeof inline === 'string' ? `inline-${digest(32, inline)}` : digest(32, String(bucket), String(key));
  return join(home.state, 'code', name);
}

export const lambdaFunction: Provider = upserting(
  'its bundled code, run in a worker of its own',
  (request, machine) => {
    const properties = used(
      request,
      'FunctionName',
      'Code',
      'Handler',
      'Runtime',
      'Environment',
      'Timeout',
      'MemorySize',
    );
    unpack(request, properties, machine);
    const given = properties.FunctionName;
    const name = typeof given === 'string' ? given : generatedName(request.stack, request.logicalId, 64);
    return { physicalId: name, attributes: { Arn: arn(request.stack, 'lambda', `function:${name}`) } };
  },
);

function unpack(request: ResourceRequest, properties: Properties, machine: Machine): void {
  const target = codeFolder(machine.home, properties.Code);
  if (existsSync(target)) return;
  const { S3Bucket: bucket, S3Key: key, ZipFile: inline } = isObject(properties.Code) ? properties.Code : {};
  const draft = `${target}.${process.pid}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  if (typeof inline === 'string') {
    writeFileSync(join(draft, 'index.js'), inline);
  } else {
    const asset = machine.asset(String(bucket), String(key));
    if (!asset || !statSync(asset.source, { throwIfNoEntry: false })?.isDirectory()) {
      throw new MillraceError(
        'DEPLOY_ASSET',
        `${label(request.stack, request.logicalId, request.type)}: its code s3://${bucket}/${key} is no folder in the cloud assembly. Synthesize again.`,
      );
    }
    cpSync(asset.source, draft, { recursive: true });
  }
  // The project is made of ES modules, and Node.js asks the nearest package.json what a .js file is: the bundle brings its own answer.
  const description = join(draft, 'package.json');
  if (!existsSync(description)) writeFileSync(description, '{ "type": "commonjs" }\n');
  renameSync(draft, target);
}

export const permission: Provider = upserting(
  'a record; the function that it names has to exist',
  (request, machine) => {
    const { FunctionName: name } = used(request, 'FunctionName');
    const known =
      typeof name === 'string' && (name.startsWith('arn:') ? machine.functionByArn(name) !== undefined : true);
    if (!known) {
      const user = label(request.stack, request.logicalId, request.type);
      throw new MillraceError(
        'DEPLOY_TEMPLATE',
        `${user}: Properties.FunctionName names no function that is deployed: ${JSON.stringify(name)}.`,
      );
    }
    return { physicalId: generatedName(request.stack, request.logicalId, 100), attributes: {} };
  },
);

/** The variables of a function's environment. */
export function environmentOf(fn: DeployedResource): Record<string, string> {
  const environment = fn.properties.Environment;
  const variables = isObject(environment) ? environment.Variables : undefined;
  return Object.fromEntries(
    Object.entries(isObject(variables) ? variables : {}).map(([name, value]) => [name, String(value)]),
  );
}
