/** A file has its old content or its new one, and what cannot be read is told with a remedy. */
import { spawnSync } from 'node:child_process';
import fs, { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { linkOrCopy, readEnd, readJson, writeFileAtomically, writeJson } from '../../tools/files.mjs';
import { temporaryFolder } from './setup/temporary.ts';

test('a file is written whole, into a folder that is made for it, and nothing else stays', () => {
  const folder = join(temporaryFolder(), 'new');
  writeJson(join(folder, 'state.json'), { count: 1 });
  writeJson(join(folder, 'state.json'), { count: 2 });
  expect(readJson(join(folder, 'state.json'), '')).toEqual({ count: 2 });
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test('the content is on the disk before its name is, and then the name is, so that a power cut leaves no part', () => {
  const path = join(temporaryFolder(), 'state.json');
  const done: string[] = [];
  const opened = new Map<number, string>();
  const { openSync, fsyncSync, renameSync } = fs;
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  vi.spyOn(fs, 'openSync').mockImplementation((file, ...rest) => {
    const descriptor = openSync(file, ...rest);
    opened.set(descriptor, String(file).startsWith(path) ? 'the content' : `${file}`);
    return descriptor;
  });
  vi.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
    done.push(`${opened.get(descriptor)} is flushed`);
    fsyncSync(descriptor);
  });
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    done.push('it is named');
    renameSync(from, to);
  });
  syncBuiltinESMExports();
  writeFileAtomically(path, 'content');
  expect(done).toEqual(['the content is flushed', 'it is named', `${dirname(path)} is flushed`]);
});

test('the end of a long file is read, and no more of it', () => {
  const path = join(temporaryFolder(), 'log');
  writeFileSync(path, 'first line\nlast line\n');
  expect(readEnd(path, 10)).toBe('last line\n');
  expect(readEnd(path, 1_000)).toBe('first line\nlast line\n');
});

test('a write that fails leaves the old content and no draft', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'taken', 'by a folder'), { recursive: true });
  expect(() => writeFileAtomically(join(folder, 'taken'), 'new')).toThrow();
  expect(readdirSync(folder)).toEqual(['taken']);
});

test('a write for which there is no room leaves the old content, and names the disk', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'state.json'), 'old');
  const files = new URL('../../tools/files.mjs', import.meta.url).href;
  const script = `import('${files}').then(({ writeJson }) => writeJson('${folder}/state.json', {})).catch(({ code, message, details }) => console.log(code, message, ...details))`;
  // No file may grow here: what the system says of a full disk, for one process.
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', 'node', '-e', script], {
    encoding: 'utf8',
  });
  expect(stdout).toContain(`DISK_FULL The disk of ${folder} is full`);
  expect(stdout).toContain(`${folder}/state.json could not be written`);
  expect(readdirSync(folder)).toEqual(['state.json']);
  expect(readFileSync(join(folder, 'state.json'), 'utf8')).toBe('old');
});

test.each(['', '{"version": 1, "stac'])('a file that holds %j is told by its path, with the remedy', (content) => {
  const path = join(temporaryFolder(), 'dev.json');
  writeFileSync(path, content);
  const reading = () => readJson(path, 'Start again.');
  expect(reading).toThrow(expect.objectContaining({ code: 'DAMAGED_FILE', message: expect.stringContaining(path) }));
  expect(reading).toThrow('Start again.');
});

test.each(['null', '7', '"text"', '{}', '{"count":"2"}'])(
  'a file that holds %s, which nobody has written there, is as damaged',
  (content) => {
    const path = join(temporaryFolder(), 'dev.json');
    writeFileSync(path, content);
    const isWhole = ({ count }: { count?: unknown }) => typeof count === 'number';
    expect(() => readJson(path, 'Start again.', isWhole)).toThrow(
      expect.objectContaining({
        code: 'DAMAGED_FILE',
        message: `${path} lacks what Millrace writes there: it is damaged. Start again.`,
      }),
    );
  },
);

test('a file that is not there reads as nothing', () => {
  expect(readJson(join(temporaryFolder(), 'dev.json'), '')).toBeUndefined();
});

test('a second name shows the same content', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'source'), 'content');
  linkOrCopy(join(folder, 'source'), join(folder, 'target'));
  expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('content');
});

test('a folder in the place of a file is told with the remedy', () => {
  const path = join(temporaryFolder(), 'dev.json');
  mkdirSync(path);
  expect(() => readJson(path, 'Start again.')).toThrow(`${path} should be a file, and is a folder. Start again.`);
});
