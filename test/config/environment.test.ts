/** Environments are accepted or refused before the first resource, with every mistake named. */
import { describe, expect, test } from 'vitest';
import { dev } from '../../config/dev.ts';
import { checkEnvironments, type Environment, EnvironmentError } from '../../config/environment.ts';
import { environments } from '../../config/environments.ts';
import { prod } from '../../config/prod.ts';
import { batch, dataset, jsonSchema, postgres, table, topic } from '../../lib/declaration/index.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import readings from '../readings/pipelines/readings/pipeline.ts';

/** What is said of these environments, a line for each mistake. */
function refusalOf(...given: readonly object[]): readonly string[] {
  return refusalWith([readings], ...given);
}

function refusalWith(pipelines: readonly Pipeline[], ...given: readonly object[]): readonly string[] {
  try {
    checkEnvironments(given as Environment[], pipelines);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ code: 'MILLRACE_ENVIRONMENT' });
    return (error as EnvironmentError).mistakes;
  }
  return [];
}

const network = (values: object) => ({ ...dev, network: { ...dev.network, ...values } });
const registry = (values: object) => ({ ...dev, registry: { ...dev.registry, ...values } });
const spark = (values: object) => ({ ...dev, spark: { ...dev.spark, ...values } });
const place = { account: '123456789012', region: 'eu-west-1', zones: ['eu-west-1a', 'eu-west-1b'] };

describe('environments', () => {
  test('of the project are right, for its pipelines', async () => {
    expect(refusalWith(await loadPipelines(), ...environments)).toEqual([]);
  });

  test('are a small one that leaves nothing, and a durable one', () => {
    expect(dev.removal).toBe('destroy');
    expect(prod).toMatchObject({ removal: 'retain', registry: { databaseMultiZone: true } });
  });

  test('may name their account, Region and zones together', () => expect(refusalOf({ ...dev, ...place })).toEqual([]));

  test('may lie side by side in one larger range', () => {
    expect(refusalOf(network({ analytics: '10.20.0.0/17', services: '10.20.128.0/17' }))).toEqual([]);
  });
});

const threeZones = { ...place, zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };

describe('MSK Express', () => {
  test('has a broker in each of three zones', () => {
    expect(refusalOf({ ...dev, ...threeZones, kafka: 'express' })).toEqual([]);
    expect(refusalOf({ ...dev, ...place, kafka: 'express' })).toEqual([
      'dev.zones: are not three, in each of which MSK Express has a broker; got ["eu-west-1a","eu-west-1b"]; allowed: three zones, with account and region',
    ]);
    expect(refusalOf({ ...dev, kafka: 'express' }).join()).toContain('dev.zones: are not three');
  });

  test('is sized for so many partitions of all pipelines together', () => {
    const jobs = Object.fromEntries(
      ['one', 'another'].map((name) => [
        name,
        batch(`${name}.py`, { reads: {}, writes: { [name]: topic(`t.${name}`, { partitions: 501 }) } }),
      ]),
    );
    const large = { ...readings, jobs };
    expect(refusalWith([large], { ...dev, ...threeZones, kafka: 'express' })).toEqual([
      'dev.kafka: has 1002 partitions, more than its brokers are sized for; got "express"; allowed: 1000 partitions at most, or serverless',
    ]);
    expect(refusalWith([large], { ...dev, ...threeZones })).toEqual([]);
  });

  test('and MSK Serverless are all there is', () => {
    expect(refusalOf({ ...dev, kafka: 'standard' }).join()).toMatch(/^dev\.kafka: .*"serverless"\|"express"/);
  });
});

const warm = { drivers: { count: 1, cores: 1, memory: 4 }, executors: { count: 8, cores: 2, memory: 8 } };
const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d';

describe('an environment is refused', () => {
  test.each([
    ['nothing at all', null, 'unnamed: Invalid input: expected object, received null'],
    ['a part that is none', { ...dev, network: undefined, spark: 7 }, 'dev.network'],
  ])('with %s, in words', (_, given, told) => {
    expect(refusalOf(given as object).join('\n')).toContain(told);
  });

  test.each<[string, object, string]>([
    ['a name that cannot be part of physical names', { ...dev, name: 'Dev' }, 'Dev.name: is not a name'],
    ['a word that nobody reads', { ...dev, logdays: 7 }, 'logdays'],
    ['a range that is none', network({ analytics: '10.20.0.0' }), 'dev.network.analytics: is not an IPv4 range'],
    ['a range that begins within itself', network({ analytics: '10.20.1.0/16' }), 'does not begin where'],
    [
      'a range that is too small',
      network({ analytics: '10.20.0.0/24' }),
      'is not between /16 and /22; got "10.20.0.0/24"',
    ],
    ['a range of somebody else', network({ services: '11.0.0.0/16' }), 'is not private'],
    ['ranges that overlap', network({ services: '10.20.128.0/17' }), 'dev.network: has ranges that overlap'],
    ['fewer than two zones', { ...dev, ...place, zones: ['eu-west-1a'] }, 'dev.zones: are fewer than two'],
    ['one zone twice', { ...dev, ...place, zones: ['eu-west-1a', 'eu-west-1a'] }, 'dev.zones: name one twice'],
    ['zones without a place', { ...dev, zones: place.zones }, 'dev.zones: are only used with'],
    ['a place without zones', { ...dev, ...place, zones: undefined }, 'dev.zones: are missing beside'],
    ['an account without a Region', { ...dev, account: place.account }, 'dev.account: goes with a region'],
    [
      'a cap below what a pipeline needs',
      spark({ maximumCores: 4 }),
      'vCPU that pipeline readings needs at once; got 4',
    ],
    ['warm workers above the cap', spark({ warm }), 'dev.spark.warm: has 17 vCPU, more than spark.maximumCores'],
    [
      'memory that Fargate does not offer',
      registry({ memoryMiB: 8192 }),
      'dev.registry.memoryMiB: does not go with 512',
    ],
    ['more connections than the database has', registry({ tasks: 5 }), 'means 100 connections during a deployment'],
    ['a certificate for a name that has none', registry({ certificateArn }), 'dev.network.zoneName: cannot have'],
    ['production data that goes with its stack', { ...prod, removal: 'destroy' }, 'prod.removal: would delete'],
    [
      'production without a certificate',
      { ...prod, registry: { ...prod.registry, certificateArn: undefined } },
      'prod.registry.certificateArn: is missing in a production environment',
    ],
    ['a digest that is none', registry({ imageDigest: 'sha256:0' }), 'dev.registry.imageDigest: is not a digest'],
    ['keys of nobody', { ...dev, keys: 'theirs' as 'customer' }, 'dev.keys'],
    ['an address that is none', { ...dev, alarmEmail: 'nobody' }, 'dev.alarmEmail: is not an e-mail address'],
    [
      'kept data and nobody who hears of alarms',
      { ...prod, alarmEmail: undefined },
      'prod.alarmEmail: is missing where data is kept',
    ],
    ['no spend limit', { ...dev, monthlySpendLimit: 0 }, 'dev.monthlySpendLimit'],
  ])('for %s', (_, environment, said) => {
    expect(refusalOf(environment)).toEqual([expect.stringContaining(said)]);
  });

  test('that keeps no databases for a pipeline that has one, or fewer units than it always has', () => {
    const averages = table('averages', { database: postgres('readings'), key: ['hour'], columns: ['hour'] });
    const show = batch('show.py', { reads: {}, writes: { averages } });
    expect(refusalWith([{ ...readings, jobs: { show } }], { ...dev, databases: undefined })).toEqual([
      'dev.databases: is missing for that of pipeline readings; got undefined; allowed: { leastUnits, mostUnits, standby, backupDays }',
    ]);
    const databases = { leastUnits: 4, mostUnits: 2, standby: false, backupDays: 1 };
    expect(refusalWith([], { ...dev, databases })).toEqual([
      'dev.databases.mostUnits: is less than leastUnits, 4; got 2; allowed: 4 or more',
    ]);
  });

  test('that keeps no datasets for a pipeline that does', () => {
    const kept = dataset('kept', { schema: jsonSchema('station.schema.json') });
    const show = batch('show.py', { reads: {}, writes: { kept } });
    expect(refusalWith([{ ...readings, jobs: { show } }], { ...dev, datasets: undefined })).toEqual([
      'dev.datasets: is missing for those that pipeline readings keeps; got undefined; allowed: true',
    ]);
  });

  test('for the name of another', () =>
    expect(refusalOf(dev, dev)).toEqual([expect.stringContaining('two environments')]));

  test('with all mistakes of all environments at once', () => {
    const lines = refusalOf({ ...dev, logDays: 8, monthlySpendLimit: 0 }, { ...prod, removal: 'destroy' });
    expect(lines.map((line) => line.split(':')[0])).toEqual(['dev.logDays', 'dev.monthlySpendLimit', 'prod.removal']);
  });
});
