/** Where the files of an execution's input may lie. */
import { describe, expect, test } from 'vitest';
import { execution, refusal, specOf } from './execution.ts';

const PREFIX = 's3://data/input/tiny/';

describe('a file of the input', () => {
  for (const key of ['readings.csv', 'first/readings.csv', 'März 2026/readings (1).csv', 'a_b=c+d@e,f-g..csv']) {
    test(`takes the place of the sample: ${key}`, () => {
      const prepared = execution({ files: { readings: PREFIX + key } });
      expect(specOf(prepared, 'send').file).toBe(PREFIX + key);
      expect(prepared.files).toEqual({ readings: PREFIX + key, regions: 's3://assets/regions.csv' });
    });
  }

  for (const [what, url] of Object.entries({
    'in another bucket': 's3://other/input/tiny/readings.csv',
    'in a bucket whose name goes on': 's3://data2/input/tiny/readings.csv',
    'of another pipeline': 's3://data/input/tiny2/readings.csv',
    'among the checkpoints': 's3://data/checkpoints/tiny/readings.csv',
    'on this machine': 'file:///etc/passwd',
    'by another scheme': 'S3://data/input/tiny/readings.csv',
    'that is the folder': PREFIX,
    'that ends like a folder': `${PREFIX}readings/`,
    'that climbs out': `${PREFIX}../../checkpoints/readings.csv`,
    'that climbs out at its end': `${PREFIX}a/..`,
    'that stays where it is': `${PREFIX}./readings.csv`,
    'with an empty part': `${PREFIX}a//readings.csv`,
    'that climbs out by an escape': `${PREFIX}%2e%2e/readings.csv`,
    'that climbs out by backslashes': `${PREFIX}..\\..\\readings.csv`,
    'that is a pattern': `${PREFIX}*.csv`,
    'that is a pattern of braces': `${PREFIX}{a,../../b}.csv`,
    'with a query': `${PREFIX}readings.csv?versionId=1`,
    'with a line end': `${PREFIX}readings.csv\n`,
    'with a zero byte': `${PREFIX}readings.csv\0`,
    'with a longer key than S3 knows': PREFIX + 'x'.repeat(1_025),
  })) {
    test(`is refused ${what}`, () => {
      expect(refusal({ files: { readings: url } })).toMatch(
        /File "readings" in the input is ".*Allowed: an object under s3:\/\/data\/input\/tiny\/, its key of letters, digits, blanks and \._=\+@,\(\)-\.$/,
      );
    });
  }

  for (const value of [null, 5, ['s3://data/input/tiny/readings.csv'], { url: PREFIX }]) {
    test(`is refused when it is ${JSON.stringify(value)}`, () => {
      expect(refusal({ files: { readings: value } })).toContain(
        `File "readings" in the input is ${JSON.stringify(value)}. Allowed: an object under`,
      );
    });
  }

  for (const name of ['readigs', 'constructor', '__proto__']) {
    test(`is refused under the name ${name}`, () => {
      expect(refusal(JSON.parse(`{"files": {"${name}": "${PREFIX}readings.csv"}}`))).toContain(
        `Unknown file "${name}" in the input. Allowed: readings, regions.`,
      );
    });
  }
});

test('files that are no object are refused', () => {
  expect(refusal({ files: 's3://data/input/tiny/readings.csv' })).toContain(
    '"files" in the input is "s3://data/input/tiny/readings.csv". Allowed: a JSON object, such as {}.',
  );
});

test('no files leave the samples', () => {
  expect(execution({ files: {} }).files).toEqual(execution({}).files);
});
