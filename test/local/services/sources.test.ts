/** Sources of a home: what is started for each, and where their secrets come from. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callsBeside } from '../../../local/iam/calls.ts';
import { answerOfSecrets } from '../../../local/iam/secrets.ts';
import { purposeOf } from '../../../local/services/services.ts';
import {
  forgetSource,
  type SourceSettings,
  secretOf,
  sourceNames,
  sourceOf,
  sourcesIn,
  standInOf,
  writeSource,
} from '../../../local/services/sources.ts';
import { temporaryHome } from '../support/deployed-words.ts';

const name = sourceOf('shop', 'calls');
const secrets = [
  { name: 'shop/exchange', key: 'token' },
  { name: 'shop/exchange', key: 'user' },
];
const settings = (change: Partial<SourceSettings> = {}): SourceSettings => ({
  ...{ listens: {}, turnMs: 300_000, secrets },
  ...change,
});

function homeWith(change: Partial<SourceSettings> = {}) {
  const home = temporaryHome();
  mkdirSync(join(home.services, name), { recursive: true });
  writeSource(home, name, settings(change));
  return home;
}

describe('the services of a source', () => {
  test('are the source, and before it what plays the outside, where something does', () => {
    const names = (change: Partial<SourceSettings>) => sourcesIn(homeWith(change)).map((one) => one.name);
    expect(names({ standIn: '/x/networks.ts' })).toEqual(['stand-in-shop-calls', 'source-shop-calls']);
    expect(names({})).toEqual(['source-shop-calls']);
    expect([name, standInOf(name)].map(purposeOf)).toEqual(['sources', 'sources']);
  });

  test('are gone when it is forgotten', () => {
    const home = homeWith({ standIn: '/x/networks.ts' });
    forgetSource(home, name);
    expect(sourceNames(home)).toEqual([]);
    expect(sourcesIn(home)).toEqual([]);
  });

  test('begin only where a person has written its secrets, if it listens to the outside itself', async () => {
    const home = homeWith();
    const [source] = sourcesIn(home);
    const begin = () => source?.prepare({ home } as never, new AbortController().signal);
    await expect(begin()).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    await expect(begin()).rejects.toThrow(
      /^Source calls of shop needs the secret shop\/exchange, token, .*shop\.exchange\.token/,
    );
    for (const { key } of secrets) writeFileSync(join(home.secrets, `shop.exchange.${key}`), 'hush\n');
    await expect(begin()).resolves.toBeUndefined();
    const [, played] = sourcesIn(homeWith({ standIn: '/x/networks.ts' }));
    await expect(
      played?.prepare({ home: homeWith({ standIn: '/x' }) } as never, new AbortController().signal),
    ).resolves.toBeUndefined();
  });
});

describe('a secret', () => {
  test('is what a person wrote, all of its texts together', () => {
    const home = homeWith();
    expect(secretOf(home, 'shop/exchange')).toBeUndefined();
    writeFileSync(join(home.secrets, 'shop.exchange.token'), 'hush\n');
    writeFileSync(join(home.secrets, 'shop.exchange.user'), 'us');
    expect(secretOf(home, 'shop/exchange')).toEqual({ token: 'hush', user: 'us' });
    expect(secretOf(home, 'shop')).toBeUndefined();
  });

  test('is made up for who plays the outside, the same each time, and another in another home', () => {
    const homes = [homeWith({ standIn: '/x' }), homeWith({ standIn: '/x' })];
    writeFileSync(join(homes[0]?.secrets ?? '', 'shop.exchange.token'), 'hush');
    const [one, other] = homes.map((home) => secretOf(home, 'shop/exchange'));
    expect(one?.token).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.token).not.toBe(one?.user);
    expect(other?.token).not.toBe(one?.token);
    expect(secretOf(homes[0] as never, 'shop/exchange')).toEqual(one);
  });
});

describe('what stands for Secrets Manager', () => {
  const role = { arn: 'arn:aws:iam::000000000000:role/listen' };
  const point = (allowed: boolean) => ({
    asked: [] as unknown[],
    roleOfKey: (key: string) => (key === 'AKIA' ? (role as never) : undefined),
    decide(request: unknown) {
      this.asked.push(request);
      return { allowed, reason: 'its role may not' } as never;
    },
  });
  const headers = (target = 'GetSecretValue', key = 'AKIA') => ({
    'x-amz-target': `secretsmanager.${target}`,
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261121/eu-central-1/secretsmanager/aws4_request, Signature=x`,
  });
  const body = '{"SecretId":"shop/exchange"}';

  test('gives a secret to whose role may have it, and asks for that by its ARN', () => {
    const decisions = point(true);
    const [status, answer] = answerOfSecrets(homeWith({ standIn: '/x' }), decisions, headers(), body);
    expect(status).toBe(200);
    expect(JSON.parse((answer as { SecretString: string }).SecretString)).toHaveProperty('token');
    const asked = callsBeside('arn:aws:iam:eu-central-1:000000000000').getSecret('shop/exchange');
    expect(decisions.asked).toEqual([{ ...asked, principal: role.arn }]);
    expect(asked).toEqual({
      action: 'secretsmanager:GetSecretValue',
      resource: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:shop/exchange-LocaL1',
    });
  });

  test.each([
    ['a role that may not', false, headers(), body, 'AccessDeniedException'],
    ['a key of nobody', true, headers('GetSecretValue', 'AKIB'), body, 'UnrecognizedClientException'],
    ['another call', true, headers('ListSecrets'), body, 'InvalidRequestException'],
    ['a secret that is not there', true, headers(), '{"SecretId":"other"}', 'ResourceNotFoundException'],
  ])('refuses %s', (_, allowed, given, asked, type) => {
    const [status, answer] = answerOfSecrets(homeWith({ standIn: '/x' }), point(allowed), given, asked);
    expect([status, answer]).toMatchObject([400, { __type: type }]);
    expect(JSON.stringify(answer)).not.toContain('SecretString');
  });
});
