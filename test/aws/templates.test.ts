/** Every template as cfn-lint sees it, and the CDK's own validation of the synthesis; then templates with a mistake. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { expectedLines } from './support/expected.ts';
import { put } from './support/json.ts';
import { askPython } from './support/python.ts';
import { environmentNames, type Find, mutant, stacksOf, templateFiles } from './support/stacks.ts';
import { matches } from './support/statement-rules.ts';

type Finding = [rule: string, place: string, message: string];

/** The stack `processing` with one mistake each, and what has to be said of it. */
const mistakes: readonly [name: string, said: RegExp, change: (find: Find) => void][] = [
  [
    'a misspelt property',
    /E3002 Resources\/Spark\w+\/Properties\/ReleaseLable/,
    (find) => {
      const { resource } = find('AWS::EMRServerless::Application');
      put(resource, 'Properties.ReleaseLable', 'emr-spark-8.1.0');
    },
  ],
  [
    'a value that is not allowed',
    /E\d+ Resources\/Spark\w+\/Properties\/Architecture/,
    (find) => put(find('AWS::EMRServerless::Application').resource, 'Properties.Architecture', 'ARM'),
  ],
  [
    'a property that is missing',
    /E3003 Resources\/Spark\w+\/Properties/,
    (find) => put(find('AWS::EMRServerless::Application').resource, 'Properties.ReleaseLabel', undefined),
  ],
  [
    'an attribute that does not exist',
    /E1010 Resources\/DataPolicy\w+\//,
    (find) => {
      const data = (_: unknown, id: string): boolean => id.startsWith('Data');
      const bucket = find('AWS::S3::Bucket', data).logicalId;
      put(find('AWS::S3::BucketPolicy', data).resource, 'Properties.PolicyDocument.Statement.0.Resource', {
        'Fn::GetAtt': [bucket, 'Arm'],
      });
    },
  ],
];

let answers: Record<string, Finding[]> = {};
let folder = '';
const mutantFile = (index: number): string => join(folder, `mutant-${index}.json`);

/** Of an invented pipeline only its own: the others differ in nothing that cfn-lint looks at. */
const checked = [
  ...templateFiles(),
  ...templateFiles('connected').filter((file) => file.includes('clients')),
  ...templateFiles('express').filter((file) => file.includes('streaming')),
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lint-'));
  mistakes.forEach(([, , change], index) => {
    const changed = mutant(stacksOf('dev'), change).find(({ path }) => path === 'dev/processing');
    writeFileSync(mutantFile(index), JSON.stringify(changed?.template));
  });
  answers = askPython('check_templates.py', [...checked, ...mistakes.map((_, index) => mutantFile(index))]);
  rmSync(folder, { recursive: true });
});

describe('cfn-lint', () => {
  it('finds nothing that is not accepted with a reason, and every accepted line is needed', () => {
    const accepted = expectedLines('accepted-lint.txt').map((line) => line.split(' | '));
    const used = new Set<unknown>();
    const findings = checked.flatMap((file) =>
      (answers[file] ?? [['E0000', file, 'was not checked']]).flatMap(([rule, place, message]) => {
        const line = accepted.find(([one, where = '', why]) => why && one === rule && matches(where, place));
        used.add(line);
        return line ? [] : [`${basename(file)} ${place}: ${rule} ${message}`];
      }),
    );
    expect(findings).toEqual([]);
    expect(accepted.filter((line) => !used.has(line))).toEqual([]);
  });

  it.each(mistakes.map(([name, said], index) => [name, said, index] as const))('finds %s', (_, said, index) => {
    const found = (answers[mutantFile(index)] ?? []).map((finding) => finding.join(' '));
    expect(found.filter((line) => said.test(line)).length, found.join('\n')).toBeGreaterThan(0);
  });

  it('sees the templates of every environment', () => {
    for (const environment of environmentNames) {
      expect(templateFiles().some((file) => file.includes(`assembly-${environment}`))).toBe(true);
    }
  });
});

/** What the rule packs of a synthesis found: pack, rule and construct. */
function violations(assembly: string): string[] {
  const report = JSON.parse(readFileSync(join(inject('assembly'), assembly, 'validation-report.json'), 'utf8')) as {
    pluginReports: {
      pluginName: string;
      violations: { ruleName: string; violatingConstructs: { constructPath?: string }[] }[];
    }[];
  };
  return report.pluginReports.flatMap(({ pluginName, violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${pluginName} ${ruleName} ${constructPath}`),
    ),
  );
}

describe("the CDK's validation with its own rules, AwsSolutions and Serverless", () => {
  it('finds nothing that is not acknowledged beside its resource', () => {
    expect(violations('app')).toEqual([]);
  });

  it('finds nothing else in a pipeline with a connector', () => {
    expect(violations('connected')).toEqual([]);
  });

  it('finds nothing else with MSK Express', () => {
    expect(violations('express')).toEqual([]);
  });

  it('needs every acknowledgement', () => {
    expect(JSON.parse(readFileSync(join(inject('assembly'), 'unused-acknowledgements.json'), 'utf8'))).toEqual([]);
  });

  it.each(['CloudFormation Validate W2508', 'AwsSolutions AwsSolutions-EC23', 'AwsSolutions AwsSolutions-S1'])(
    'finds a planted mistake: %s',
    (rule) => {
      const found = violations('faulty');
      expect(found.filter((line) => line.startsWith(rule)).length, found.join('\n')).toBeGreaterThan(0);
      expect(found.every((line) => /dev\/network\/Planted(Bucket|Group)/.test(line))).toBe(true);
    },
  );
});
