/** Where the files of an execution's input may lie. */
import { describe, expect, test } from 'vitest';
import { argumentsOf, execution, refusal } from './execution.ts';

const PREFIX = 's3://data/input/tiny/';

describe('a file of the input', () => {
  for (const key of ['sales.csv', 'first/sales.csv', 'März 2026/sales (1).csv', 'a_b=c+d@e,f-g..csv']) {
    test(`takes the place of the sample: ${key}`, () => {
      const prepared = execution({ files: { sales: PREFIX + key } });
      expect(argumentsOf(prepared, 'send')['--sales-file']).toBe(PREFIX + key);
      expect(prepared.files).toEqual({ sales: PREFIX + key, regions: 's3://assets/regions.csv' });
    });
  }

  for (const [what, url] of Object.entries({
    'in another bucket': 's3://other/input/tiny/sales.csv',
    'in a bucket whose name goes on': 's3://data2/input/tiny/sales.csv',
    'of another pipeline': 's3://data/input/tiny2/sales.csv',
    'among the checkpoints': 's3://data/checkpoints/tiny/sales.csv',
    'on this machine': 'file:///etc/passwd',
    'by another scheme': 'S3://data/input/tiny/sales.csv',
    'that is the folder': PREFIX,
    'that ends like a folder': `${PREFIX}sales/`,
    'that climbs out': `${PREFIX}../../checkpoints/sales.csv`,
    'that climbs out at its end': `${PREFIX}a/..`,
    'that stays where it is': `${PREFIX}./sales.csv`,
    'with an empty part': `${PREFIX}a//sales.csv`,
    'that climbs out by an escape': `${PREFIX}%2e%2e/sales.csv`,
    'that climbs out by backslashes': `${PREFIX}..\\..\\sales.csv`,
    'that is a pattern': `${PREFIX}*.csv`,
    'that is a pattern of braces': `${PREFIX}{a,../../b}.csv`,
    'with a query': `${PREFIX}sales.csv?versionId=1`,
    'with a line end': `${PREFIX}sales.csv\n`,
    'with a zero byte': `${PREFIX}sales.csv\0`,
    'with a longer key than S3 knows': PREFIX + 'x'.repeat(1_025),
  })) {
    test(`is refused ${what}`, () => {
      expect(refusal({ files: { sales: url } })).toMatch(
        /File "sales" in the input is ".*Allowed: an object under s3:\/\/data\/input\/tiny\/, its key of letters, digits, blanks and \._=\+@,\(\)-\.$/,
      );
    });
  }

  for (const value of [null, 5, ['s3://data/input/tiny/sales.csv'], { url: PREFIX }]) {
    test(`is refused when it is ${JSON.stringify(value)}`, () => {
      expect(refusal({ files: { sales: value } })).toContain(
        `File "sales" in the input is ${JSON.stringify(value)}. Allowed: an object under`,
      );
    });
  }

  for (const name of ['sails', 'constructor', '__proto__']) {
    test(`is refused under the name ${name}`, () => {
      expect(refusal(JSON.parse(`{"files": {"${name}": "${PREFIX}sales.csv"}}`))).toContain(
        `Unknown file "${name}" in the input. Allowed: sales, regions.`,
      );
    });
  }
});

test('files that are no object are refused', () => {
  expect(refusal({ files: 's3://data/input/tiny/sales.csv' })).toContain(
    '"files" in the input is "s3://data/input/tiny/sales.csv". Allowed: a JSON object, such as {}.',
  );
});

test('no files leave the samples', () => {
  expect(execution({ files: {} }).files).toEqual(execution({}).files);
});
