/** What the command says to words that it does not know: to people by commander, to programs as one JSON object. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOf } from '../../../lib/declaration/flow.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { root } from '../../../tools/setup/folders.mjs';

function millrace(...words: string[]) {
  const main = join(root, 'local', 'cli', 'main.ts');
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words], { encoding: 'utf8' });
}

test.each([
  [['run', '--json'], "missing required argument 'pipeline'"],
  [['run', 'x', '--jsn', '--json'], "unknown option '--jsn'"],
  [['topics', 'x', '--most', 'many', '--json'], 'A number of records is a whole number from 1 to 1000000.'],
  [['stauts', '--json'], "unknown command 'stauts'"],
])('%j', (words, message) => {
  const { status, stdout, stderr } = millrace(...words);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'WRONG_USAGE', message: expect.stringContaining(message), details: [] },
  });
  expect({ status, said: stderr.includes(`error: `) }).toEqual({ status: 1, said: true });
  const people = millrace(...words.filter((word) => word !== '--json'));
  expect(people).toMatchObject({ status: 1, stdout: '' });
});

test('who has seen enough of its progress changes nothing of what it does', async () => {
  const reading = (await loadPipelines()).find((pipeline) => Object.keys(filesOf(pipeline)).length > 0);
  const main = join(root, 'local', 'cli', 'main.ts');
  // Nobody reads its standard error any more when it begins.
  const words = `sleep 1; "$0" --disable-warning=ExperimentalWarning "$1" check "$2"; echo "code $?"`;
  const script = `exec 3>&1; { ${words}; } 2>&1 >&3 | true`;
  const { stdout } = spawnSync('bash', ['-c', script, process.execPath, main, reading?.name ?? ''], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/none rejected\n[\s\S]*code 0\n$/);
});

test('help is no mistake', () => {
  expect(millrace('run', '--json', '--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage:/) });
});
