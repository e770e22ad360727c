/** The commands of the page: which pipeline, which execution, and what is printed. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { Context } from '../../../local/cli/context.ts';
import { report } from '../../../local/cli/report.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { watch } from '../../../local/cli/watch.ts';
import { type Home, millraceHome } from '../../../local/home.ts';
import { Executions } from '../../../local/stepfunctions/executions.ts';

const [pipeline] = await loadPipelines();
const name = pipeline?.name ?? '';
let home: Home;
let printed: string[];

beforeEach(() => {
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  printed = [];
});

function context(more: Partial<Context> = {}): Context {
  const terminal = new Terminal({ write: () => true } as unknown as NodeJS.WritableStream);
  const { signal } = new AbortController();
  return { home, terminal, json: false, signal, onForce: [], print: (text) => void printed.push(text), ...more };
}

/** An execution of the pipeline that has ended. */
function execution(called: string): void {
  const executions = new Executions(home.executions);
  const record = executions.create({ arn: called, name: called, pipeline: name, stateMachineArn: '', input: {} }, '{}');
  executions.finish(record, { status: 'SUCCEEDED', output: {} });
}

describe('report', () => {
  test('makes one file of the latest execution, or of the one that is named', async () => {
    execution('20260131130000-aaaa');
    execution('20260131140000-bbbb');
    expect(await report(context(), undefined)).toBe(0);
    expect(await report(context({ json: true }), '20260131130000-aaaa')).toBe(0);
    const [path = '', json = ''] = printed;
    expect(readFileSync(path, 'utf8')).toContain('20260131140000-bbbb');
    expect(JSON.parse(json)).toEqual({
      pipeline: name,
      execution: '20260131130000-aaaa',
      report: join(home.executions, name, '20260131130000-aaaa', 'report.html'),
    });
  });

  test('says which executions there are', async () => {
    const none = {
      code: 'UNKNOWN_EXECUTION',
      message: 'Nothing was run here yet. Run "npx millrace run <pipeline>" first.',
    };
    await expect(report(context(), undefined)).rejects.toMatchObject(none);
    execution('20260131130000-aaaa');
    const other = { code: 'UNKNOWN_EXECUTION', message: 'There is no execution "x". The newest: 20260131130000-aaaa.' };
    await expect(report(context(), 'x')).rejects.toMatchObject(other);
  });
});

describe('watch', () => {
  test('prints an address, serves it until it is ended, and ends with all that it serves', async () => {
    execution('20260131130000-aaaa');
    const ending = new AbortController();
    const watching = watch(context({ json: true, signal: ending.signal }), undefined);
    await expect.poll(() => printed.length, { timeout: 20_000 }).toBe(1);
    const { pipeline: shown, url } = JSON.parse(printed[0] ?? '') as { pipeline: string; url: string };
    expect(shown).toBe(name);
    expect((await fetch(url)).status).toBe(200);
    ending.abort();
    expect(await watching).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('asks which pipeline where none was run, and knows no others', async () => {
    await expect(watch(context(), undefined)).rejects.toMatchObject({ code: 'WHICH_PIPELINE' });
    await expect(watch(context(), 'slaes')).rejects.toMatchObject({ code: 'UNKNOWN_PIPELINE' });
  });
});
