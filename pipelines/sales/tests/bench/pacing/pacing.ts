/** Whether a paced sender keeps to what it was asked for: over half a minute, and each row at its moment. */
import type { Row } from '../../../../../bench/rows.ts';
import { sendBy } from '../sender/sender.ts';
import type { Stage } from '../stage.ts';

const seconds = 30;

export async function pacing(stage: Stage, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const rate of quick ? [1_000] : [1, 3, 100, 1_000, 20_000]) {
    const topics = await stage.topics('pacing');
    await sendBy(stage, topics, { rows: rate * (seconds + 1), rate });
    const script = new URL('arrivals.py', import.meta.url);
    const words = ['--bootstrap', stage.bootstrapServers, '--topic', topics.source];
    const at = await stage.python<number[]>(script, ...words);
    // The rows of half a minute, from the first on: the last of them is due one distance before its end.
    const took = (at[rate * seconds] ?? Number.NaN) / 1000;
    const off = at.map((time, index) => Math.abs(time - (1000 * index) / rate)).sort((one, other) => one - other);
    const ours = [(100 * Math.abs(took - seconds)) / seconds];
    rows.push(
      { metric: `sender at ${rate}/s, off over 30 s`, unit: '%', ours, goal: { of: 'ours', atMost: 1 } },
      {
        metric: `sender at ${rate}/s, a row off its moment, p95`,
        unit: 'ms',
        ours: [off[Math.floor(off.length * 0.95)] ?? 0],
      },
    );
  }
  return rows;
}
