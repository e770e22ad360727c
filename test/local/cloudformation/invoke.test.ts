/** Bundled functions run with what Lambda gives them and nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type DeployedResource,
  deploy,
  type InvokeOptions,
  invokeFunction,
} from '../../../local/cloudformation/index.ts';
import { credentialVariables } from '../../../local/iam/access.ts';
import {
  assetBucket,
  endpoints,
  functionRole,
  localParameters,
  temporaryFolder,
  temporaryHome,
  writeAssembly,
} from './support.ts';

/** Deploys a function of this code and gives a way to call it. */
async function deployFunction(code: string, properties: Record<string, unknown> = {}, file = 'index.js') {
  const [home, folder] = [temporaryHome(), temporaryFolder()];
  mkdirSync(join(folder, 'asset.code'));
  writeFileSync(join(folder, 'asset.code', file), code);
  // A module beside the home, where Node.js would look for it.
  mkdirSync(join(home.root, 'node_modules', 'above'), { recursive: true });
  writeFileSync(join(home.root, 'node_modules', 'above', 'index.js'), 'module.exports = "found above";');
  const Fn = {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'probe',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { S3Bucket: assetBucket, S3Key: 'c.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs22.x',
      ...properties,
    },
  };
  const assembly = writeAssembly(folder, [
    {
      name: 'one',
      template: { Parameters: localParameters, Resources: { Role: functionRole('probe'), Fn } },
      assets: { 'c.zip': { path: 'asset.code', packaging: 'zip' } },
    },
  ]);
  const { deployment } = await deploy({ home, assembly, environment: 'dev', endpoints, progress: () => {} });
  const fn = deployment.resources.find(({ type }) => type === 'AWS::Lambda::Function') as DeployedResource;
  const call = (event: unknown = {}, options: InvokeOptions = {}) => invokeFunction(home, fn, event, options);
  return { home, call };
}

const handler = (body: string) => `exports.handler = async (event, context) => { ${body} };`;

describe('a function', () => {
  test('gets its event and context and gives its answer, as JSON', async () => {
    const { call } = await deployFunction(
      handler(
        'return { event, name: context.functionName, left: context.getRemainingTimeInMillis() <= 9000, dropped: undefined };',
      ),
      { Timeout: 9 },
    );
    expect(await call({ when: new Date(0) })).toEqual({
      event: { when: '1970-01-01T00:00:00.000Z' },
      name: 'probe',
      left: true,
    });
  });

  test('that answers nothing gives null', async () => {
    const { call } = await deployFunction(handler(''));
    expect(await call()).toBeNull();
  });

  test('sees the variables of Lambda, of its template and of the call, and none of this process', async () => {
    process.env.MILLRACE_TEST_SECRET = 'visible';
    process.env.AWS_PROFILE = 'somebody';
    const { home, call } = await deployFunction(handler('return { ...process.env };'), {
      Environment: { Variables: { GROUP: 'default', N: 3 } },
    });
    const environment = (await call({}, { environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } })) as Record<
      string,
      string
    >;
    delete process.env.MILLRACE_TEST_SECRET;
    delete process.env.AWS_PROFILE;
    expect(environment).toMatchObject({
      GROUP: 'default',
      N: '3',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'probe',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      ...credentialVariables(home, 'arn:aws:iam::000000000000:role/probe'),
    });
    expect(environment.AWS_ACCESS_KEY_ID).toMatch(/^ASIA/);
    expect(environment).not.toHaveProperty('MILLRACE_TEST_SECRET');
    expect(environment).not.toHaveProperty('AWS_PROFILE');
    expect(environment).not.toHaveProperty('HOME');
  });

  test('finds no module outside of its bundle', async () => {
    const { call } = await deployFunction(`const above = require('above'); ${handler('return above;')}`);
    await expect(call()).rejects.toMatchObject({
      name: 'Runtime.ImportModuleError',
      message: "Cannot find module 'above': it is not part of the bundle",
    });
  });

  test('finds no module outside of its bundle while it runs either', async () => {
    const { call } = await deployFunction(handler(`return (await import('above')).default;`));
    await expect(call()).rejects.toThrow("Cannot find module 'above'");
  });

  test('may use what Node.js and its bundle have', async () => {
    const { call } = await deployFunction(handler(`return require('node:path').basename(__filename);`));
    expect(await call()).toBe('index.js');
  });

  test('may be an ES module', async () => {
    const { call } = await deployFunction(
      'export const handler = async () => import.meta.url.slice(-9);',
      {},
      'index.mjs',
    );
    expect(await call()).toBe('index.mjs');
  });

  test('fails under the name of its error', async () => {
    const { call } = await deployFunction(
      'class InputError extends Error { constructor(m) { super(m); this.name = "InputError"; } }' +
        handler('throw new InputError("rate: -1");'),
    );
    await expect(call()).rejects.toMatchObject({
      name: 'InputError',
      message: 'rate: -1',
    });
  });

  test.each([
    [
      'an error outside of its promise',
      'setTimeout(() => { throw new TypeError("later"); }, 5); await new Promise(() => {});',
      'TypeError',
    ],
    ['leaving its process', 'process.exit(0);', 'Runtime.ExitError'],
    ['endless memory', 'const all = []; for (;;) all.push(new Array(1e5).fill(Math.random()));', 'Runtime.OutOfMemory'],
  ])('fails by %s', async (_name, body, name) => {
    const { call } = await deployFunction(handler(body), { Timeout: 20, MemorySize: 32 });
    await expect(call()).rejects.toMatchObject({ name });
  });

  test('is ended after its timeout, even when it never yields', async () => {
    const { call } = await deployFunction(handler('for (;;);'), { Timeout: 1 });
    await expect(call()).rejects.toMatchObject({
      name: 'Sandbox.Timedout',
      message: 'Task timed out after 1.00 seconds',
    });
  });

  test('is ended when the caller gives up', async () => {
    const { call } = await deployFunction(handler('await new Promise(() => setInterval(() => {}, 1000));'), {
      Timeout: 60,
    });
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(new Error('interrupted')), 200);
    await expect(call({}, { signal: interruption.signal })).rejects.toThrow('interrupted');
  });

  test('that is not there is told apart from one that fails', async () => {
    const { call } = await deployFunction(handler(''), { Handler: 'index.other' });
    await expect(call()).rejects.toMatchObject({ name: 'Runtime.HandlerNotFound' });
  });

  test('of another language is refused', async () => {
    const { call } = await deployFunction(handler(''), { Runtime: 'python3.13' });
    await expect(call()).rejects.toThrow(/needs the runtime python3.13; only Node.js/);
  });

  test('writes what it prints into its log', async () => {
    const { home, call } = await deployFunction(handler('console.log("hello from inside");'));
    await call();
    await expect
      .poll(() => readFileSync(join(home.logs, 'probe.log'), 'utf8'))
      .toMatch(/START .*\nhello from inside\n.*END /s);
  });

  test('begins its log anew when that is long, and keeps the one before', async () => {
    const { home, call } = await deployFunction(handler('console.log("hello from inside");'));
    writeFileSync(join(home.logs, 'probe.log'), 'x'.repeat(5 * 2 ** 20));
    await call();
    await expect.poll(() => readFileSync(join(home.logs, 'probe.log'), 'utf8')).toMatch(/^\S+ START .*END/s);
    expect(readFileSync(join(home.logs, 'probe.previous.log'), 'utf8')).toHaveLength(5 * 2 ** 20);
  });
});
