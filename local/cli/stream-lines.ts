/**
 * Takes a stream that goes on, or has failed, and gives what a person is told of it. Called by `run`, `up`, `status` and `down`.
 */
import type { StreamStatus } from '../emr/live-streams.ts';

/** `2026-01-31 13:05:00 UTC` */
export const moment = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

/** One line: what it does since when, and what can be done where something has to be. */
export function streamLine(stream: StreamStatus): string {
  const { pipeline, job, state, since, pid, details = '', current } = stream;
  if (state === 'FAILED') {
    const why = details.split('\n')[0];
    return `stream ${job} failed at ${moment(since)}: ${why}; "npx millrace logs ${job}" says more, "npx millrace run ${pipeline} --action start" goes on from its checkpoint`;
  }
  const what = state === 'CANCELLING' ? 'is ending, started' : state === 'RUNNING' ? 'runs since' : 'is starting since';
  const old =
    current === false ? `; it runs what was deployed before: "npx millrace run ${pipeline} --action upgrade"` : '';
  return `stream ${job} ${what} ${moment(since)}${pid === undefined ? '' : ` (pid ${pid})`}${old}`;
}

/** What can be done with a stream that goes on. */
export function streamCommands({ pipeline, job }: StreamStatus): string[] {
  return [
    `Log      npx millrace logs ${job} --follow`,
    `Upgrade  npx millrace run ${pipeline} --action upgrade`,
    `Stop     npx millrace run ${pipeline} --action stop`,
  ];
}
