/** Environments are accepted or refused when their file is loaded, with every mistake named. */
import { describe, expect, test } from 'vitest';
import dev from '../../config/dev.ts';
import { defineEnvironment, EnvironmentError } from '../../config/environment.ts';
import { environments } from '../../config/environments.ts';

/** The environment `dev` with other values. */
const devWith = (values: object) => defineEnvironment({ ...dev, ...values });

/** The lines of a refusal, without the sentence above them. */
function refusalOf(values: object): string[] {
  try {
    devWith(values);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ code: 'MILLRACE_ENVIRONMENT' });
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('an environment', () => {
  test('that is right is given back as it is', () => expect(devWith({})).toEqual(dev));

  test('has a name of its own', () => {
    const names = environments.map(({ name }) => name);
    expect(names).toContain('dev');
    expect(new Set(names).size).toBe(names.length);
  });

  test('may name its account, Region and zones together', () => {
    const place = { account: '123456789012', region: 'eu-west-1', zones: ['eu-west-1a', 'eu-west-1b'] };
    expect(devWith(place)).toMatchObject(place);
  });
});

describe('an environment is refused', () => {
  test('for a name that cannot be part of physical names', () => {
    expect(refusalOf({ name: 'Dev' })).toEqual([expect.stringMatching(/^Dev\.name: .*; got "Dev"$/)]);
  });

  test('for a word that nobody reads', () => {
    expect(refusalOf({ logdays: 7 })).toEqual([expect.stringContaining('logdays')]);
  });

  test('for networks that overlap, which cannot be peered', () => {
    const network = { analytics: '10.20.0.0/16', services: '10.20.128.0/17' };
    expect(refusalOf({ network })).toEqual([expect.stringMatching(/^dev\.network: the two ranges overlap/)]);
  });

  test('not for networks that lie side by side', () => {
    expect(refusalOf({ network: { analytics: '10.20.0.0/17', services: '10.20.128.0/17' } })).toEqual([]);
  });

  test('for zones without the account and Region that they are in', () => {
    expect(refusalOf({ zones: ['eu-west-1a', 'eu-west-1b'] })).toEqual([expect.stringMatching(/^dev\.zones: /)]);
  });

  test('for a production environment whose data goes with its stacks', () => {
    expect(refusalOf({ name: 'prod', removal: 'destroy' })).toEqual([
      'prod.removal: destroy is not for a production environment; got "destroy"',
    ]);
  });

  test('with all mistakes at once', () => {
    expect(refusalOf({ account: '12', logDays: 8, alarmEmail: 'nobody' }).map((line) => line.split(':')[0])).toEqual([
      'dev.account',
      'dev.logDays',
      'dev.alarmEmail',
    ]);
  });
});
