/** The rule packs: a finding fails the synthesis unless it was acknowledged. That the app passes them is told by `test/aws/templates.test.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { acknowledge, unusedAcknowledgements } from '../../lib/constructs/functions/acknowledge.ts';
import { attachRules } from '../../lib/rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

afterEach(() => {
  // A failed validation sets the exit code of the process, which is the tests' here.
  process.exitCode = undefined;
});

/** An app with a role that may do everything with every object, and a bucket that logs nothing. */
function careless(change: (role: iam.Role, bucket: Bucket) => void = () => {}): () => void {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const app = new App({
    outdir: mkdtempSync(join(folder, 'careless-')),
    context: { '@aws-cdk/core:validateAgainstDefaultRules': false },
  });
  attachRules(app);
  const stack = new Stack(app, 'Careless');
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::data/*'] }));
  const bucket = new Bucket(stack, 'Bucket', { enforceSSL: true });
  change(role, bucket);
  return () => app.synth();
}

const logsNothing = { 'AwsSolutions-S1': 'a test' };

describe('a finding', () => {
  test('fails the synthesis', () => expect(careless()).toThrow('AwsSolutions-S1'));

  test('passes when each was acknowledged', () => {
    const synthesize = careless((role, bucket) => {
      acknowledge(role, { 'AwsSolutions-IAM5[data/*]': 'a test' });
      acknowledge(bucket, logsNothing);
    });
    expect(synthesize).not.toThrow();
  });

  test('that is none leaves its acknowledgement unused, which is told', () => {
    const apps: IConstruct[] = [];
    const synthesize = careless((role, bucket) => {
      acknowledge(role, { 'AwsSolutions-IAM5[data/*]': 'a test', 'AwsSolutions-IAM4': 'in vain' });
      acknowledge(bucket, logsNothing);
      apps.push(role.node.root);
    });
    expect(synthesize).not.toThrow();
    expect(apps.flatMap(unusedAcknowledgements)).toEqual(['Careless/Role: AwsSolutions-IAM4']);
  });

  test.each([
    ['another wildcard', 'AwsSolutions-IAM5[results/*]'],
    ['another rule', 'AwsSolutions-IAM4[data/*]'],
    ['a rule without its findings', 'AwsSolutions-IAM5'],
  ])('is not covered by the acknowledgement of %s', (_, id) => {
    const synthesize = careless((role, bucket) => {
      acknowledge(role, { [id]: 'a test' });
      acknowledge(bucket, logsNothing);
    });
    expect(synthesize).toThrow('AwsSolutions-IAM5[Resource::arn:aws:s3:::data/*]');
  });
});
