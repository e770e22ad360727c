/** The bundled function asks S3 and Step Functions, here as moto's servers, for what it shows, and nothing else. */
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundledHandler } from '../../support/bundle.ts';
import { type Moto, startMoto } from '../../support/moto.ts';

let moto: Moto;
let handler: (event: object) => Promise<string>;

beforeAll(async () => {
  moto = await startMoto();
  vi.stubEnv('AWS_ENDPOINT_URL', moto.url);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const [s3, sfn] = [new S3Client({ forcePathStyle: true }), new SFNClient()];
  const { stateMachineArn = '' } = await sfn.send(
    new CreateStateMachineCommand({
      name: 'tides',
      definition: '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
      roleArn: 'arn:aws:iam::123456789012:role/tides',
    }),
  );
  for (const name of ['older', 'newer']) await sfn.send(new StartExecutionCommand({ stateMachineArn, name }));
  await s3.send(
    new CreateBucketCommand({ Bucket: 'data', CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
  );
  const row = (town: string) => `${JSON.stringify({ town })}\n`;
  const objects = {
    'results/tides/older/json/_SUCCESS': '',
    'results/tides/older/json/part-0.json': row('<b>Oslo'),
    'results/tides/older/json/part-1.json': row('x'.repeat(300_000)),
    'results/tides/older/csv/part-0.csv': 'town\nRome\n',
    'results/others/newer/json/part-0.json': row('Bern'),
  };
  for (const [Key, Body] of Object.entries(objects)) await s3.send(new PutObjectCommand({ Bucket: 'data', Key, Body }));
  vi.stubEnv('BUCKET', 'data');
  vi.stubEnv('PREFIX', 'results/tides');
  vi.stubEnv('STATE_MACHINE', stateMachineArn);
  vi.stubEnv('COLUMNS', JSON.stringify([{ field: 'town', title: 'town', format: 'text' }]));
  ({ handler } = await bundledHandler<{ handler: typeof handler }>('results-table'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await moto.stop();
});

test('it shows what the newest execution with results left', async () => {
  const html = await handler({ widgetContext: { dashboardName: 'tides' } });
  expect(html).toContain('<p>Execution older, ');
  expect(html).toContain('<td>&lt;b&gt;Oslo</td>');
  // The second file is longer than what is read of one.
  expect(html).toContain('; the report has more rows than these 1');
  expect(html).not.toMatch(/Rome|Bern/);
});

test('it says what it takes', async () => {
  expect(await handler({ describe: true })).toContain('Takes no parameters');
});
