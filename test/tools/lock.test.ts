/** Work under a lock never runs twice at once, and a dead holder stands in nobody's way. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../local/home.ts';
import { acquireLock, withLock } from '../../tools/lock.mjs';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('gives what the work gives, and leaves nothing behind', async () => {
  expect(await withLock(path, { waitMs: 0 }, async () => readdirSync(folder))).toEqual(['lock']);
  expect(readdirSync(folder)).toEqual([]);
});

test('is released when the work fails', async () => {
  const failing = withLock(path, { waitMs: 0 }, async () => {
    throw new Error('failed');
  });
  await expect(failing).rejects.toThrow('failed');
  expect(existsSync(path)).toBe(false);
});

test('lets one piece of work run after the other', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(20);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(path, { waitMs: 10_000 }, work)));
  expect(most).toBe(1);
});

test('says once whom it waits for, and gives up with an error', async () => {
  const waited: number[] = [];
  await withLock(path, { waitMs: 0 }, async () => {
    const second = withLock(path, { waitMs: 350, onWait: (holder) => waited.push(holder) }, async () => {});
    await expect(second).rejects.toMatchObject({ code: 'LOCKED' });
  });
  expect(waited).toEqual([process.pid]);
});

test('stops waiting when it is called off', async () => {
  await withLock(path, { waitMs: 0 }, async () => {
    const second = withLock(path, { waitMs: 60_000, signal: AbortSignal.timeout(150) }, async () => {});
    await expect(second).rejects.toThrow();
  });
});

test('keeps others out when their clock shows another time zone', async () => {
  const release = await acquireLock(path, {});
  const script = `
    import { withLock } from ${JSON.stringify(join(projectRoot, 'tools/lock.mjs'))};
    await withLock(process.argv[1], { waitMs: 0 }, async () => 'mine').then(console.log, ({ code }) => console.log(code));`;
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'Pacific/Chatham' },
  });
  release();
  expect(other.stdout).toBe('LOCKED\n');
});

test('that was released may be released again, and takes nothing from the next holder', async () => {
  const release = await acquireLock(path, {});
  release();
  const next = await acquireLock(path, {});
  release();
  expect(existsSync(path)).toBe(true);
  next();
});

test('is taken from a holder that died, and from a file that is no lock', async () => {
  for (const content of [JSON.stringify({ pid: process.pid, startTime: 'another' }), '', '{"pid":']) {
    writeFileSync(path, content);
    expect(await withLock(path, { waitMs: 0 }, async () => 'done')).toBe('done');
  }
});

test('of many processes that find a dead holder, one at a time gets it', async () => {
  writeFileSync(path, JSON.stringify({ pid: 1, startTime: 'dead' }));
  const script = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(join(projectRoot, 'tools/lock.mjs'))};
    for (let round = 0; round < 5; round += 1) {
      await withLock(process.argv[1], { waitMs: 20_000 }, async () => {
        appendFileSync(process.argv[2], 'in\\n');
        await new Promise((resolve) => setTimeout(resolve, 5));
        appendFileSync(process.argv[2], 'out\\n');
      });
    }`;
  const record = join(folder, 'record');
  const runs = Array.from({ length: 4 }, () =>
    spawn(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script, path, record],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    ),
  );
  const codes = await Promise.all(runs.map(async (run) => (await once(run, 'exit'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(readFileSync(record, 'utf8')).toBe('in\nout\n'.repeat(20));
  expect(readdirSync(folder).sort()).toEqual(['record']);
});
