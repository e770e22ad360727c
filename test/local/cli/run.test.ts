/** What of a command line goes into the input of an execution, and what is said before anything is deployed. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOf } from '../../../lib/declaration/flow.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { inputOf, run } from '../../../local/cli/run.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { millraceHome } from '../../../local/home.ts';

test('a job, an action and a stream stand beside what the input says, unchecked', () => {
  expect(inputOf({ input: '{"rate": 5}', job: 'anything' })).toEqual({ rate: 5, job: 'anything' });
  expect(inputOf({ action: 'stop', stream: 'count' })).toEqual({ action: 'stop', stream: 'count' });
  expect(inputOf({})).toEqual({});
});

test.each([
  ['no JSON', { input: '{"rate": ' }, /--input is .* Allowed: a JSON object/],
  ['no object', { input: '[1]' }, /--input is "\[1\]"/],
  [
    'an action twice',
    { input: '{"action": "start"}', action: 'stop' },
    /--action is "stop", and --input names "action"/,
  ],
])('%s is refused', (_, options, message) => {
  expect(() => inputOf(options)).toThrow(message);
});

test('files that cannot be used are refused before anything else is asked for', async () => {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const { signal } = new AbortController();
  const context = { home, terminal: new Terminal(), json: false, signal, onForce: [], print: () => {} };
  const pipeline = (await loadPipelines()).find((one) => Object.keys(filesOf(one)).length > 0);
  const sampleData = mkdtempSync(join(tmpdir(), 'millrace-files-'));
  await expect(run(context, pipeline?.name ?? '', { sampleData })).rejects.toMatchObject({
    code: 'INVALID_SAMPLE_DATA',
    details: expect.arrayContaining([expect.stringContaining('does not exist')]),
  });
});

test.each([[{}], [{ dryRun: true }]])('with %j, up is asked for where nothing is deployed', async (options) => {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const { signal } = new AbortController();
  const context = { home, terminal: new Terminal(), json: false, signal, onForce: [], print: () => {} };
  const [pipeline] = await loadPipelines();
  await expect(run(context, pipeline?.name ?? '', options)).rejects.toMatchObject({
    code: 'NOT_UP',
    message: expect.stringMatching(/Nothing is deployed here\. Run "npx millrace up" first/),
  });
});
