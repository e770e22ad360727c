/** What a database keeps of a password. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifierOf } from '../../../lambda/tables/publications.ts';

test('a password can be checked by it, at the cost of 4,096 rounds for each guess, and no two are alike', () => {
  const [, salt = '', stored, server] = /^SCRAM-SHA-256\$4096:([^$]+)\$([^:]+):(.+)$/.exec(verifierOf('secret')) ?? [];
  const salted = pbkdf2Sync('secret', Buffer.from(salt, 'base64'), 4_096, 32, 'sha256');
  const keyOf = (what: string) => createHmac('sha256', salted).update(what).digest();
  expect(createHash('sha256').update(keyOf('Client Key')).digest('base64')).toBe(stored);
  expect(keyOf('Server Key').toString('base64')).toBe(server);
  expect(Buffer.from(salt, 'base64')).toHaveLength(16);
  expect(verifierOf('secret')).not.toBe(verifierOf('secret'));
});
