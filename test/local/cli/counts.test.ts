/** How rows and records are counted, in each of the forms that a pipeline may declare. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decoderOf } from '../../../local/cli/report/counts.ts';
import { countFiles } from '../../../local/cli/report/reconcile.ts';
import { asJson, tinyPipeline } from '../../lib/declaration/tiny-pipeline.ts';

function fileWith(content: string): { path: string; rejects: string } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-counts-'));
  writeFileSync(join(folder, 'lines'), content);
  mkdirSync(join(folder, 'rejects'));
  writeFileSync(join(folder, 'rejects', 'part-0'), '{"line":1}\n{"line":2}\n');
  return { path: join(folder, 'lines'), rejects: join(folder, 'rejects') };
}

describe('rows of a file', () => {
  test('that is delimited come after its header', async () => {
    const { path, rejects } = fileWith('word\none\ntwo\n\nthree\n');
    const declared = tinyPipeline().files.lines;
    expect(await countFiles({ path, declared }, 0, rejects)).toEqual({ read: 3, rejected: 2 });
    expect(await countFiles({ path, declared }, 7, '/nowhere')).toEqual({ read: 7, rejected: 0 });
  });

  test('of JSON lines are all its lines', async () => {
    const { path } = fileWith('{"word":"one"}\n{"word":"two"}\nno json');
    const declared = tinyPipeline(asJson).files.lines;
    expect(await countFiles({ path, declared }, 0, '/nowhere')).toEqual({ read: 3, rejected: 0 });
  });
});

describe('the value of a summary', () => {
  const decode = decoderOf({ file: 'word.schema.json' }, 'http://127.0.0.1:1');

  test('of a JSON Schema is read as JSON, without a registry', async () => {
    expect(await decode(Buffer.from('{"word":"Türkiye","times":3}'))).toEqual({ word: 'Türkiye', times: 3 });
  });

  test.each(['[1]', 'null', '\0\0\0\0\u0001abc', ''])('is refused when it is %j', async (text) => {
    await expect(decode(Buffer.from(text))).rejects.toThrow(/no JSON object/);
  });

  test('of Avro has to be framed', async () => {
    const framed = decoderOf({ file: 'count.avsc' }, 'http://127.0.0.1:1');
    await expect(framed(Buffer.from('{"times":3}'))).rejects.toThrow(/not framed/);
  });
});
