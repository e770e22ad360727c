/**
 * Takes the name of an environment, as a person wrote it, and gives its configuration. Called by the commands that speak of AWS.
 */
import type { Environment } from '../../config/environment.ts';
import { environments } from '../../config/environments.ts';
import { MillraceError } from '../../tools/errors.ts';

export function environmentOf(name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (found) return found;
  const allowed = environments.map((environment) => environment.name).join(', ');
  throw new MillraceError(
    'UNKNOWN_ENVIRONMENT',
    `There is no environment "${name}". Allowed: ${allowed}. Environments are the files in config/.`,
  );
}
