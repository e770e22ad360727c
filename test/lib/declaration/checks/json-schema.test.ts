/** What is found wrong with the text of a JSON Schema. */
import { describe, expect, test } from 'vitest';
import { integersOf, jsonSchemaMistake } from '../../../../lib/declaration/checks/json-schema.ts';

const schema = (properties: object, more: object = {}) => JSON.stringify({ type: 'object', properties, ...more });
const mistakeOf = (property: unknown) => jsonSchemaMistake(schema({ one: property }));

describe('a schema that can be kept', () => {
  for (const [what, property] of Object.entries({
    'a text': { type: 'string', minLength: 1, maxLength: 9, pattern: '^[A-Z]', description: 'Code.' },
    'one of several texts': { type: 'string', enum: ['a', 'b'] },
    'an instant': { type: 'string', format: 'date-time' },
    'a text or nothing': { type: ['string', 'null'] },
    'a whole number': { type: 'integer', minimum: 0, maximum: 9 },
    'an amount': { type: 'number', multipleOf: 0.01, minimum: 0 },
    'a number of micro-units': { type: ['null', 'number'], multipleOf: 0.000001 },
    'as many digits as columns have': { type: 'number', multipleOf: 1e-18 },
    'a truth': { type: 'boolean' },
  })) {
    test(`has ${what}`, () => expect(mistakeOf(property)).toBeUndefined());
  }

  test('says which fields are needed and whether others are allowed', () => {
    const more = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'One', required: ['one'] };
    expect(
      jsonSchemaMistake(schema({ one: { type: 'string' } }, { ...more, additionalProperties: false })),
    ).toBeUndefined();
  });

  test('tells its whole numbers', () => {
    expect(integersOf(schema({ one: { type: 'integer' }, two: { type: 'string' } }))).toEqual(['one']);
  });
});

describe('a schema is refused', () => {
  test('that is no JSON', () => expect(jsonSchemaMistake('{"type": ')).toMatch(/JSON/));
  test('that is no object', () => expect(jsonSchemaMistake('["object"]')).toBe('its type is not "object"'));
  test('without properties', () => expect(jsonSchemaMistake(schema({}))).toBe('it has no properties'));
  test('with a word that nobody keeps', () => {
    expect(jsonSchemaMistake(schema({ one: { type: 'string' } }, { anyOf: [] }))).toMatch(/^"anyOf" is not among/);
  });
  test('with other rules for unknown fields', () => {
    const more = { additionalProperties: { type: 'string' } };
    expect(jsonSchemaMistake(schema({ one: { type: 'string' } }, more))).toMatch(/neither true nor false/);
  });
  test('that needs a field which it does not have', () => {
    expect(jsonSchemaMistake(schema({ one: { type: 'string' } }, { required: ['two'] }))).toMatch(/"required"/);
  });
  for (const [property, mistake] of [
    ['string', 'it is no object'],
    [{}, 'its type is undefined'],
    [{ type: 'object' }, 'its type is "object"'],
    [{ type: 'toString' }, 'its type is "toString"'],
    [{ type: ['string', 'integer'] }, 'its type is ["string","integer"]'],
    [{ type: ['null', 'null'] }, 'its type is ["null","null"]'],
    [{ type: 'string', format: 'email' }, '"format" is "email"'],
    [{ type: 'string', pattern: '(' }, '"pattern" is "("'],
    [{ type: 'string', enum: [] }, '"enum" is []'],
    [{ type: 'string', minimum: 0 }, '"minimum" is not among the words that the jobs keep'],
    [{ type: 'integer', minimum: 0.5 }, '"minimum" is 0.5'],
    [{ type: 'number' }, 'a number says how exact it is by "multipleOf", such as 0.01'],
    [{ type: 'number', multipleOf: 0.25 }, '"multipleOf" is 0.25'],
    [{ type: 'number', multipleOf: 10 }, '"multipleOf" is 10'],
    [{ type: 'number', multipleOf: 1e-19 }, '"multipleOf" is 1e-19'],
  ] as const) {
    test(`for the property ${JSON.stringify(property)}`, () => {
      expect(mistakeOf(property)?.startsWith(`property "one": ${mistake}`)).toBe(true);
    });
  }
});
