/** What is found wrong with the text of an Avro schema. */
import { describe, expect, test } from 'vitest';
import { avroSchemaMistake } from '../../../../lib/declaration/checks/avro-schema.ts';

const problemOf = (schema: unknown) => avroSchemaMistake(JSON.stringify(schema));
const record = (...fields: object[]) => ({ type: 'record', name: 'Sale', fields });
const MONEY = { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 };
const INSTANT = { type: 'long', logicalType: 'timestamp-millis' };

describe('a schema that is right', () => {
  for (const [what, schema] of Object.entries({
    'a plain type': 'int',
    'a record with amounts and instants': record({ name: 'amount', type: MONEY }, { name: 'at', type: INSTANT }),
    'an optional amount': record({ name: 'amount', type: ['null', MONEY], default: null }),
    'amounts in a list': record({ name: 'amounts', type: { type: 'array', items: MONEY } }),
    'a decimal without a scale': { type: 'bytes', logicalType: 'decimal', precision: 4 },
  })) {
    test(`is accepted: ${what}`, () => expect(problemOf(schema)).toBeUndefined());
  }
});

describe('a text that is no schema', () => {
  test('is told as JSON', () => expect(avroSchemaMistake('{"type": ')).toMatch(/JSON/));
  test('is told as Avro', () => expect(problemOf({ type: 'rekord' })).toBe('unknown type: "rekord"'));
  test('is told when two fields have one name', () => {
    expect(problemOf(record({ name: 'id', type: 'int' }, { name: 'id', type: 'int' }))).toMatch(/duplicate/);
  });
});

describe('a logical type that Avro would ignore', () => {
  const beside = 'stands beside its type; put it inside: {"type": {"type": ..., "logicalType": ...}}';

  test('beside the type of a field', () => {
    expect(problemOf(record({ name: 'amount', ...MONEY }))).toBe(`the logicalType of field "amount" ${beside}`);
  });
  test('beside an optional type', () => {
    const field = { name: 'at', type: ['null', 'long'], logicalType: 'timestamp-millis' };
    expect(problemOf(record(field))).toBe(`the logicalType of field "at" ${beside}`);
  });
  test('in a record within a list within a record', () => {
    const inner = { type: 'record', name: 'Line', fields: [{ name: 'amount', ...MONEY }] };
    expect(problemOf(record({ name: 'lines', type: { type: 'array', items: inner } }))).toBe(
      `the logicalType of field "lines.amount" ${beside}`,
    );
  });
  test('that it does not know', () => {
    expect(problemOf(record({ name: 'at', type: { type: 'long', logicalType: 'timestamp-milis' } }))).toMatch(
      /^the logicalType of field "at" is "timestamp-milis"; Avro knows date, decimal, /,
    );
  });
  test('on another type', () => {
    expect(problemOf(record({ name: 'at', type: ['null', { type: 'int', logicalType: 'timestamp-millis' }] }))).toBe(
      'the logicalType "timestamp-millis" of field "at" stands on int; it belongs on long',
    );
  });
  test('on the whole schema', () => {
    expect(problemOf({ type: 'string', logicalType: 'decimal' })).toBe(
      'the logicalType "decimal" of the schema stands on string; it belongs on bytes or fixed',
    );
  });
  for (const [what, decimal] of Object.entries({
    'without a precision': { scale: 2 },
    'with a scale above its precision': { precision: 2, scale: 3 },
    'with a scale below zero': { precision: 2, scale: -1 },
  })) {
    test(`a decimal ${what}`, () => {
      expect(problemOf({ type: 'bytes', logicalType: 'decimal', ...decimal })).toMatch(
        /^the decimal of the schema has precision .* and scale .*; allowed: /,
      );
    });
  }
});
