/** What the declaration of the meters pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { feedsOf, itemsOf, orderOf, peakCores, stateOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import meters from '../pipeline.ts';

test('has no mistake', () => expect(mistakesOf([meters])).toEqual([]));

test('others may send readings and follow alerts', () => {
  const topics = Object.entries(topicsOf(meters)).map(([alias, { name, externalWays, props }]) => [
    ...[alias, name, props.partitions],
    ...externalWays,
  ]);
  expect(topics).toEqual([
    ['alerts', 'meters.alerts', 1, 'Reader'],
    ['readings', 'meters.readings', 4, 'Writer'],
    ['deadLetters', 'meters.readings.dead-letters', 1],
  ]);
});

test('a reading has a number by which a later one is known, and is exact to the watt-hour', () => {
  const file = join(meters.folders.declaration, 'schemas', 'reading.schema.json');
  const { properties, required } = JSON.parse(readFileSync(file, 'utf8'));
  expect(required).toEqual(['id', 'number', 'site', 'read_at', 'kwh', 'status']);
  expect(properties.number).toMatchObject({ type: 'integer', minimum: 0 });
  expect(properties.kwh).toMatchObject({ type: 'number', multipleOf: 0.001 });
});

test('each meter has one item, which the latest reading makes', () => {
  expect(Object.entries(itemsOf(meters)).map(([alias, { name, props }]) => [alias, name, props])).toEqual([
    ['latest', 'latest', { partitionKey: 'id', version: 'number' }],
  ]);
  const latest = { kind: 'items', table: '{pipeline.items.latest}', key: ['id'], version: 'number' };
  expect(specOf(meters, 'keepLatest')).toMatchObject({
    reads: { readings: { rules: { latenessMinutes: null, watermarkDelayMs: null } } },
    writes: { latest },
  });
  expect(specOf(meters, 'showSites')).toMatchObject({ reads: { latest } });
  expect(meters.jobs.keepLatest && stateOf(meters.jobs.keepLatest)).toBeUndefined();
});

test('what changes of an item is told to the topic of alerts', () => {
  expect(
    Object.entries(feedsOf(meters)).map(([alias, { name, props, settings }]) => [alias, name, props.of.name, settings]),
  ).toEqual([['alerting', 'alerting', 'latest', { batchSize: 500, retries: 20, maxAgeMinutes: 1_440 }]]);
});

test('the sites are reported each night, as clocks show it where the meters are', () => {
  const nightly = meters.schedules?.nightly;
  expect([nightly?.props.cron, nightly?.props.timeZone, nightly?.input(meters)]).toEqual([
    ...['30 2 * * ? *', 'Europe/Brussels'],
    { job: 'report-sites' },
  ]);
});

test('every meter is read once, two thousand a second', () => {
  const { parameters, actions } = planOf(meters);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    readings: 20_000,
    rate: 2_000,
    seed: 1,
    triggerSeconds: 2,
  });
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the sender runs beside the stream, and the sites are shown at the end', () => {
  expect(orderOf(meters)).toEqual({ streams: ['keepLatest'], during: ['produce'], after: ['showSites'] });
  expect(peakCores(meters)).toBe(4);
});
