/** Secrets of a source, asked of Secrets Manager whenever they are needed: they stand in no variable and in no log. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { objectIn } from '../../lib/declaration/json.ts';

/** By the names that the code has for them: the name in Secrets Manager, and the key of the text in it. */
export type SecretNames = Readonly<Record<string, { readonly name: string; readonly key: string }>>;

/** What gives a secret by its name in the code. */
export function secretsOf(names: SecretNames): (name: string) => Promise<string> {
  let client: SecretsManagerClient | undefined;
  return async (of) => {
    const found = names[of];
    if (!found) {
      const allowed = Object.keys(names).join(', ') || 'none';
      throw new Error(`The code asks for secret "${of}". Allowed are those that its source declares: ${allowed}.`);
    }
    client ??= new SecretsManagerClient({});
    const { SecretString: text = '' } = await client.send(new GetSecretValueCommand({ SecretId: found.name }));
    const value = objectIn(text)?.[found.key];
    if (typeof value === 'string' && value !== '') return value;
    // Not even a part of it stands in the message.
    throw new Error(
      `Secret ${found.name} has no text "${found.key}". Allowed: a JSON object with that key. Put it there with Secrets Manager.`,
    );
  };
}
