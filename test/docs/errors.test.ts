/** The list of error codes names those of the product, all of them and no others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../tools/setup/folders.mjs';
import { sources } from './sources.ts';

/** Where a code is given, up to its first argument. */
const raised = /(?:new MillraceError|(?<!class )JobError)\(\s*(?<literal>['"][^'"]*['"])?(?<other>[^,\n]*)/g;
/** Errors that carry their code as a member, and those that end an execution by name. */
const elsewhere: readonly [inside: RegExp, code: RegExp][] = [
  [/./, /readonly code = '(\w+)'/g],
  [/^jobs\//, /\b_fail\(events, "(\w+)"/g],
  [/^lib\/constructs\/workflow\//, /\b(?:Error|late): '(\w+)'/g],
  [/^(lambda\/prepare\/core|lib\/declaration\/fill)\.ts$/, /this\.name = '(\w+)'/g],
];

/** Places whose code is no literal, and the codes that come out of them. */
const calculated: readonly [file: string, argument: string, codes: readonly string[]][] = [
  ['local/cli/context.ts', `\`UNKNOWN_\${what.toUpperCase()}\``, ['UNKNOWN_PIPELINE', 'UNKNOWN_ENVIRONMENT']],
  ['local/cli/new.ts', 'refused.code', []],
  ['local/cli/dry-run.ts', 'code', ['INVALID_INPUT', 'NOT_PREPARED']],
  ['local/cloudformation/stack-deployment.ts', 'code', ['DEPLOY_FAILED']],
  ['local/cloudformation/stack-deployment.ts', 'error.code', []],
  [
    'local/services/diagnosis.ts',
    'meaning === portTaken ? PORT_LOST : code',
    ['PORT_LOST', 'SERVICE_NOT_READY', 'SERVICE_DIED'],
  ],
  ['jobs/pyspark/millrace/sending/numbering.py', 'f"{numbering.column.upper()}S_EXHAUSTED"', ['<COLUMN>S_EXHAUSTED']],
  // The code that the query failed by, of which there is a literal.
  ['jobs/pyspark/millrace/streaming/batches.py', 'failed.code', []],
];
/** Codes that are made without one of these calls, in the files that hold them as literals. */
const made: Readonly<Record<string, readonly string[]>> = {
  'local/cli/main.ts': ['ABORTED', 'INTERNAL', 'WRONG_USAGE'],
  'local/cloudformation/operations.ts': ['DEPLOY_RESOURCE_FAILED'],
};

const found = sources.flatMap(({ name, text }) =>
  [...text.matchAll(raised)].map(({ groups: { literal, other = '' } = {} }) => ({
    name,
    literal,
    other: other.trim(),
  })),
);

const inSources = [
  ...found.flatMap(({ literal }) => literal?.slice(1, -1) ?? []),
  ...sources.flatMap(({ name, text }) =>
    elsewhere.flatMap(([inside, code]) =>
      inside.test(name) ? [...text.matchAll(code)].map((match) => match[1] ?? '') : [],
    ),
  ),
  ...calculated.flatMap(([, , codes]) => codes),
  ...Object.values(made).flat(),
];

const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+) \| (.+) \|$/gm)];

const sorted = (codes: Iterable<string | undefined>) => [...new Set(codes)].sort();

test('every code of the sources is in the list, and every code of the list in the sources', () => {
  expect(sorted(rows.map(([, code]) => code))).toEqual(sorted(inSources));
});

test('no code is listed twice, and each has a cause and a remedy in sentences', () => {
  const codes = rows.map(([, code]) => code);
  expect(codes).toHaveLength(new Set(codes).size);
  expect(rows.filter(([, , cause, remedy]) => !cause?.endsWith('.') || !/[.?]$/.test(remedy ?? ''))).toEqual([]);
});

test('codes that are calculated are known by their place, and stand there', () => {
  const places = found.filter(({ literal }) => literal === undefined).map(({ name, other }) => `${name}: ${other}`);
  expect(sorted(places)).toEqual(sorted(calculated.map(([name, argument]) => `${name}: ${argument}`)));
  for (const [name, codes] of Object.entries(made)) {
    const { text = '' } = sources.find((source) => source.name === name) ?? {};
    expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  }
});
