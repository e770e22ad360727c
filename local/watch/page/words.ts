/** Numbers, times and states as people read them. */
import type { Column } from '../../../lib/declaration/pipeline.ts';
import type { PictureNode, RunTold } from '../model.ts';

export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

export const perSecond = (rate: number): string =>
  `${rate.toLocaleString('en-US', { maximumFractionDigits: rate > 0 && rate < 10 ? 1 : 0 })}/s`;

/** `12 ms`, `4.2 s`, `3 min 5 s` */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  // What is rounded before it is split never has sixty of anything.
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-01-31 13:05:00 UTC` */
export const moment = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

/** A value of a column; money keeps the digits that it came with. */
export function cell(value: string | number | undefined, format: Column['format']): string {
  const text = String(value ?? '');
  if (text === '') return '';
  const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
  if (format === 'count') return grouped(text);
  if (format === 'time') return text.slice(0, 16).replace('T', ' ');
  if (format === 'text') return text;
  const [whole = '0', decimals = ''] = text.split('.');
  return `${grouped(whole)}.${decimals.padEnd(2, '0')}`;
}

export const kindOf = ({ kind, role }: PictureNode): string => role ?? kind;

export type Look = 'idle' | 'running' | 'good' | 'bad';

const states: Readonly<Record<string, readonly [word: string, look: Look]>> = {
  SUBMITTED: ['starting', 'running'],
  PENDING: ['starting', 'running'],
  RUNNING: ['running', 'running'],
  SUCCESS: ['done', 'good'],
  SUCCEEDED: ['succeeded', 'good'],
  FAILED: ['failed', 'bad'],
  ABORTED: ['stopped', 'bad'],
  TIMED_OUT: ['timed out', 'bad'],
  CANCELLING: ['ending', 'running'],
  CANCELLED: ['ended', 'good'],
};

export const stateOf = (state: string): readonly [word: string, look: Look] => states[state] ?? [state, 'idle'];

/** What a job is doing, by its newest run. */
export function jobState(runs: readonly RunTold[]): readonly [word: string, look: Look] {
  const run = runs.at(-1);
  if (!run) return ['not run', 'idle'];
  if (run.mode === 'drain' && run.state === 'RUNNING') return ['draining', 'running'];
  if (run.mode === 'drain' && run.state === 'SUCCESS') return ['drained', 'good'];
  return stateOf(run.state);
}

/** `2 late, 1 not-framed` */
export const byReason = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([reason, number]) => `${count(number)} ${reason}`)
    .join(', ');

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
