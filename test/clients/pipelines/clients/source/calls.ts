/** Calls of an invented exchange: one a second, told by nobody. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channels, Heard, Outside } from '../../../../../lib/declaration/listening.ts';

async function* listen({ from = BigInt(Date.now()), secret, signal }: Outside): AsyncIterable<Heard> {
  await secret('exchange');
  for (let cursor = from; ; cursor += 1_000n) {
    await sleep(Math.max(0, Number(cursor) - Date.now()), undefined, { signal });
    yield { cursor, record: { key: `call ${cursor}`, id: `call ${cursor}`, value: { at: Number(cursor) } } };
  }
}

export default { calls: { overlap: 5_000n, timeMs: Number, listen } } satisfies Channels;
