/** What plays both networks, for tests that listen to it, and what must be true of those who did. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nextFreePort } from '../../../local/services/ports.ts';
import { typescriptOptions } from '../../../tools/setup/hand-over.mjs';
import type { Faults, Mishaps } from '../stand-in/faults.ts';

export interface PlayedPost {
  readonly network: 'bluesky' | 'mastodon';
  readonly key: string;
  readonly madeMs: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly edited: boolean;
  readonly deleted: boolean;
}

export interface PlayedWorld {
  readonly rate: number;
  /** Corrections and deletions that are still to come. */
  readonly due: number;
  readonly mishaps: Mishaps;
  readonly posts: readonly PlayedPost[];
}

/** Everything goes wrong, all the time. */
export const BAD_DAY: Faults = { repeated: 0.1, outOfOrder: 8, malformed: 0.05, cutAfter: 60, refused: 0.1 };

export const TOKEN = 'a token';
const program = fileURLToPath(new URL('../stand-in/networks.ts', import.meta.url));

/** The world that is played at an address. */
export const worldAt = async (url: string): Promise<PlayedWorld> =>
  (await (await fetch(`${url}/world`)).json()) as PlayedWorld;

/** Says how fast and how badly it is to be played from now on. */
export async function play(
  url: string,
  change: { readonly rate?: number; readonly faults?: Partial<Faults> },
): Promise<void> {
  await fetch(`${url}/world`, { method: 'POST', body: JSON.stringify(change) });
}

/** Starts one; it ends with `child.kill()`. */
export async function startPlaying(): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const told = join(mkdtempSync(join(tmpdir(), 'played-')), 'told.json');
  writeFileSync(told, JSON.stringify({ 'social/mastodon token': TOKEN }));
  const port = await nextFreePort(37_500 + (process.pid % 500), new Set());
  const child = spawn(process.execPath, [...typescriptOptions, program, String(port), told], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    if (
      await fetch(`${url}/world`).then(
        () => true,
        () => false,
      )
    )
      return { url, child };
    if (Date.now() > deadline) throw new Error('what plays the networks does not answer');
  }
}
