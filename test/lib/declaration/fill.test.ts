/** What becomes of the placeholders of a template. */
import { describe, expect, test } from 'vitest';
import { fill, IncompleteDeployment, placeholdersOf } from '../../../lib/declaration/fill.ts';

const scope = {
  platform: { bucket: 'data', port: 9092, none: null, list: ['a'] },
  parameters: { rate: 5, region: '{platform.bucket}', empty: '', zero: 0 },
  schemas: { key: '7', broken: 'seven' },
};

describe('a placeholder', () => {
  test('that is a whole text takes the value as it is', () => {
    expect(fill(['{parameters.rate}', '{parameters.zero}', '{parameters.empty}', '{platform.bucket}'], scope)).toEqual([
      5,
      0,
      '',
      'data',
    ]);
  });

  test('with # becomes a number', () => {
    expect(fill({ id: '{#schemas.key}' }, scope)).toEqual({ id: 7 });
  });

  test('within a text is written into it', () => {
    expect(fill('s3://{platform.bucket}/{parameters.rate}', scope)).toBe('s3://data/5');
    expect(fill('{platform.bucket}{platform.bucket}', scope)).toBe('datadata');
  });

  test('is filled in once: a value that looks like one stays what it is', () => {
    expect(fill('{parameters.region}', scope)).toBe('{platform.bucket}');
    expect(fill('in {parameters.region}', scope)).toBe('in {platform.bucket}');
  });

  test('is found wherever it stands, and nothing else is touched', () => {
    const template = {
      a: [{ b: 'x' }, 1, true, null],
      '{platform.bucket}': 'key',
      separator: '{',
      text: '{} {a} {.b}',
    };
    expect(fill(template, scope)).toEqual(template);
    expect(placeholdersOf({ a: ['{platform.bucket}/{#schemas.key}'], b: '{a}' })).toEqual([
      'platform.bucket',
      'schemas.key',
    ]);
  });

  for (const path of [
    'platform.nothing',
    'nothing.bucket',
    'platform.none',
    'platform.list',
    'platform.constructor',
    'platform.bucket.length',
  ]) {
    test(`for ${path} is a fault of the deployment`, () => {
      expect(() => fill(`{${path}}`, scope)).toThrow(IncompleteDeployment);
      expect(() => fill(`in {${path}}`, scope)).toThrow(
        `The deployed parameters have no ${path}. Deploy the pipeline again.`,
      );
    });
  }

  test('for a number that is none is a fault of the deployment', () => {
    expect(() => fill('{#schemas.broken}', scope)).toThrow('The deployed parameters have no number in schemas.broken.');
  });
});
