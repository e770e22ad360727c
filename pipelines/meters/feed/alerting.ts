/** Tells of each change by which a meter became critical, once: its key is the meter with the number of the reading. One that stays critical is told no more. */
import type { Change, Tells } from '../../../lib/declaration/changes.ts';
import type { JsonRecord } from '../../../lib/declaration/listening.ts';

const CRITICAL = 'critical';

export function alertOf({ before, after }: Change): JsonRecord | undefined {
  if (after?.status !== CRITICAL || before?.status === CRITICAL) return undefined;
  const { id, number, site, read_at, kwh, status } = after;
  return { key: `${id} ${number}`, value: { id, number, site, read_at, kwh, status } as JsonRecord['value'] };
}

export default { alerts: alertOf } satisfies Tells;
