/** What a server means that does not let somebody in. */
import { TryLater } from '../../../lib/declaration/listening.ts';

/** Nobody is believed who says a longer time. */
const LONGEST_MS = 15 * 60_000;

/** The error of an answer, which says when to come again where the server has said so, in seconds or as a date. */
export function refusal(who: string, status: number, retryAfter: string | null | undefined): Error {
  const what = `${who} answered ${status}`;
  if (!retryAfter) return new Error(what);
  const seconds = Number(retryAfter);
  const afterMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(retryAfter) - Date.now();
  if (Number.isNaN(afterMs)) return new Error(what);
  return new TryLater(`${what}, to come again later`, Math.min(LONGEST_MS, Math.max(0, afterMs)));
}
