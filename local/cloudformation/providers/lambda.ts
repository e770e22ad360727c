/** Lambda functions: their code lies unpacked until the next deployment, ready for `invoke.ts`. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../../lib/declaration/json.ts';
import { MillraceError } from '../../../tools/errors.mjs';
import type { Home } from '../../home.ts';
import { requireKnown } from '../markers.ts';
import type { DeployedResource, Properties } from '../model.ts';
import {
  arn,
  digest,
  type Machine,
  nameIn,
  nameOf,
  type Provider,
  type ResourceRequest,
  upserting,
  used,
} from './provider.ts';

/** Where the code of a function lies, unpacked. */
export function codeFolder(home: Home, code: unknown): string {
  const { S3Bucket: bucket, S3Key: key, ZipFile: inline } = isObject(code) ? code : {};
  const name = typeof inline === 'string' ? `inline-${digest(32, inline)}` : digest(32, String(bucket), String(key));
  return join(home.state, 'code', name);
}

const lambdaFunction = upserting('its bundled code, run in a worker of its own', (request, machine) => {
  const { FunctionName: given, Code: code } = used(request, 'FunctionName', 'Code');
  used(request, 'Handler', 'Runtime', 'Timeout', 'MemorySize');
  requireKnown(variablesIn(request.properties), nameIn(request), 'Properties.Environment');
  unpack(request, code, machine);
  const name = nameOf(request, given, 64);
  return { physicalId: name, attributes: { Arn: arn(request.stack, 'lambda', `function:${name}`) } };
});

function unpack(request: ResourceRequest, code: unknown, machine: Machine): void {
  const target = codeFolder(machine.home, code);
  if (existsSync(target)) return;
  const { S3Bucket: bucket, S3Key: key, ZipFile: inline } = isObject(code) ? code : {};
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
        `${nameIn(request)}: its code s3://${bucket}/${key} is no folder in the cloud assembly. Synthesize again.`,
      );
    }
    cpSync(asset.source, draft, { recursive: true });
  }
  // The project is made of ES modules, and Node.js asks the nearest package.json what a .js file is: the bundle brings
  // its own answer.
  const description = join(draft, 'package.json');
  if (!existsSync(description)) writeFileSync(description, '{ "type": "commonjs" }\n');
  renameSync(draft, target);
}

const permission = upserting('an entry; the function that it names has to exist', (request, machine) => {
  const { FunctionName: name } = used(request, 'FunctionName');
  if (typeof name !== 'string' || (name.startsWith('arn:') && !machine.byArn('AWS::Lambda::Function', name))) {
    throw new MillraceError(
      'DEPLOY_TEMPLATE',
      `${nameIn(request)}: Properties.FunctionName names no function that is deployed: ${JSON.stringify(name)}.`,
    );
  }
  return { physicalId: nameOf(request, undefined, 100), attributes: {} };
});

const mapping = upserting('a process that reads changes and calls the function', (request) => {
  const names = ['FunctionName', 'EventSourceArn', 'BatchSize', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds'];
  used(request, ...names, 'DestinationConfig');
  return { physicalId: nameOf(request, undefined, 100), attributes: {} };
});

export const providers: Record<string, Provider> = {
  'AWS::Lambda::EventSourceMapping': mapping,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
};

/** The variables of a function's environment. */
export const environmentOf = (fn: DeployedResource): Record<string, string> => variablesIn(fn.properties);

/** All but those that hold a secret: AWS generates it, and the services of this machine ask for none. */
function variablesIn({ Environment: environment }: Properties): Record<string, string> {
  const variables = isObject(environment) && isObject(environment.Variables) ? environment.Variables : {};
  const texts = Object.entries(variables).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(texts.filter(([, value]) => !value.startsWith('{{resolve:secretsmanager:')));
}
