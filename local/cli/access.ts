/** `millrace access`: what the deployed roles may do beside what they did on this machine, denials first. */
import { kebab } from '../../lib/declaration/names.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readAccess } from '../iam/access.ts';
import { readDecisions } from '../iam/decision-log.ts';
import { type Grant, type RoleUsage, type Usage, usageOf } from '../iam/usage.ts';
import { type Context, environment, pipelineOf } from './context.ts';

/** @param name only the roles of this pipeline. @default those of the whole environment */
export async function access({ home, json, print }: Context, name: string | undefined): Promise<number> {
  const stack = name === undefined ? undefined : `${environment}/${(await pipelineOf(name)).name}`;
  const known = readAccess(home);
  if (known.roles.length === 0)
    throw new MillraceError('NOT_UP', 'No role is deployed here. Run "npx millrace up" first.');
  const usage = usageOf(known, readDecisions(home), (role) => stack === undefined || role.stack === stack);
  print(json ? JSON.stringify(usage) : textOf(usage));
  return 0;
}

export function textOf({ denied, roles, ratio }: Usage): string {
  const refused = denied.map(({ at, count, reason }) => {
    const times = count === 1 ? '' : `${count} times, last `;
    return `  ${times}${at.slice(0, 19).replace('T', ' ')} UTC\n    ${reason}`;
  });
  const unused = roles.flatMap((role) => role.unused);
  const onlyOnAws = unused.filter((grant) => grant.onlyOnAws !== undefined).length;
  const granted = roles.reduce((sum, role) => sum + role.granted.length, 0);
  // What nothing here can be, or asks for, is named and not listed.
  const [shown, elsewhere] = [roles.filter(isOfThisMachine), roles.filter((role) => !isOfThisMachine(role))];
  return [
    ...(refused.length > 0 ? ['Denied', ...refused, ''] : []),
    ...shown.map(textOfRole),
    ...(elsewhere.length > 0
      ? ['Roles of whose grants nothing here asks for any', ...elsewhere.map(({ role }) => `  ${role}`), '']
      : []),
    `${granted - unused.length} of ${granted} grants were exercised here (${Math.round(ratio * 100)} %); ` +
      `${unused.length - onlyOnAws} could have been; ${onlyOnAws} are asked for on AWS alone, or by roles that nothing here took.`,
  ].join('\n');
}

const isOfThisMachine = ({ exercised, unused }: RoleUsage): boolean =>
  exercised.length > 0 || unused.some(({ onlyOnAws }) => onlyOnAws === undefined);

function textOfRole({ role, stack, job, granted, exercised, unused }: RoleUsage): string {
  const [pipeline, name = ''] = job?.split('/') ?? [];
  const title = job === undefined ? `${role} (stack ${stack})` : `${role} (job ${kebab(name)} of ${pipeline})`;
  const unasked = grantLines(unused.filter(({ onlyOnAws }) => onlyOnAws === undefined));
  const reasons = [...new Set(unused.flatMap(({ onlyOnAws }) => onlyOnAws ?? []))];
  return [
    `${title}: ${exercised.length} of ${granted.length}`,
    ...(unasked.length > 0 ? ['  not asked for so far', ...unasked] : []),
    ...(reasons.length > 0 ? [`  not here: ${reasons.join('; ')}`] : []),
    '',
  ].join('\n');
}

/** Actions on the same resource in one line. */
function grantLines(grants: readonly Grant[]): string[] {
  const actions = new Map<string, string[]>();
  for (const { action, resource } of grants) {
    const [service = '', name = action] = action.split(':');
    const key = `${service} on ${resource.replace(/^arn:aws:[^:]*:[^:]*:[^:]*:/, '')}`;
    actions.set(key, [...new Set([...(actions.get(key) ?? []), name])]);
  }
  return [...actions].map(([key, names]) => {
    const [service, resource] = key.split(' on ');
    return `    ${service}: ${names.join(', ')} on ${resource}`;
  });
}
