/** The runbook names the environment variables that the product reads, all of them and no others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../tools/setup/folders.mjs';
import { sources } from './sources.ts';

const reads = [
  // What gets process.env as an argument calls it so.
  /\b(?:process\.env|environment)\.([A-Z][A-Z0-9_]*)\b/g,
  /\bos\.environ(?:\[|\.get\(|\.pop\()"(\w+)"/g,
  /\bgetenv\("(\w+)"/g,
];
/** Reads of a variable whose name is calculated: known by their place, with what they read. */
const calculated: Readonly<Record<string, readonly string[]>> = {
  'lambda/clean-up/handler.ts': ['PIPELINE', 'APPLICATION_ID', 'LOCK_TABLE'],
  'local/services/process.ts': ['PATH', 'HOME', 'TMPDIR', 'TZ', 'USER', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
  'local/emr/warm_job.py': ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
};
/** Read by the CDK, and from the tables of the system. */
const others = ['CDK_OUTDIR', 'MILLRACE_STARTED_IN'];

const section =
  readFileSync(join(root, 'docs', 'runbook.md'), 'utf8').match(
    /^## On one machine: where things are\n(.*?)(?=^## |$(?![\s\S]))/ms,
  )?.[1] ?? '';
const rows = section.split('\n').filter((line) => line.startsWith('|'));
const documented = rows.flatMap((row) =>
  [...row.matchAll(/`([A-Z][A-Z0-9_]+)(?:=\w+)?`/g)].map(([, name = '']) => name),
);

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

test('every variable that is read is documented, and every one that is documented is read', () => {
  const read = sources.flatMap(({ text }) =>
    reads.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name)),
  );
  expect(sorted(documented)).toEqual(sorted([...read, ...Object.values(calculated).flat(), ...others]));
});

test('places that calculate the name of a variable are known, and name what they read', () => {
  const places = sources.filter(({ text }) => /\bprocess\.env\[|\bos\.environ(\[|\.get\()[^"]/.test(text));
  expect(places.map(({ name }) => name).sort()).toEqual(Object.keys(calculated).sort());
  for (const { name, text } of places) expect(calculated[name]?.filter((each) => !text.includes(each))).toEqual([]);
});
