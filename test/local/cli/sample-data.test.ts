/** A person's own files: what is refused before anything starts, and where the good ones go. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { Pipeline } from '../../../lib/declaration/model.ts';
import { checkSampleData, publishSampleData } from '../../../local/cli/sample-data.ts';
import { bucketPath } from '../../../local/deploy/index.ts';
import { MillraceError } from '../../../local/errors.ts';
import { millraceHome } from '../../../local/home.ts';

const salesHeader = 'payment_id|customer_id|amount|payment_date|city|district|country';
let sales: Pipeline;

beforeAll(async () => {
  sales = (await loadPipelines()).find(({ name }) => name === 'sales') as Pipeline;
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sample-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function problemsOf(files: Record<string, string>): Promise<readonly string[]> {
  const error = await checkSampleData(sales, folderWith(files)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(MillraceError);
  return (error as MillraceError).details;
}

describe('sample data', () => {
  test('with both files and all columns is accepted, quoted or not', async () => {
    expect(
      await problemsOf({ 'sales.csv': `\uFEFF${salesHeader}\r\n`, 'regions.csv': '"country", "region"\n' }),
    ).toEqual([]);
  });

  test('is refused with everything that is wrong', async () => {
    const problems = await problemsOf({ 'sales.csv': salesHeader.replace('|amount', '') });
    expect(problems).toEqual([
      expect.stringMatching(
        /sales\.csv has the header .*, which lacks amount\. Expected: payment_id\|customer_id\|amount/,
      ),
      expect.stringMatching(/regions\.csv does not exist/),
    ]);
  });

  test('goes where an execution may read it, once for one content', async () => {
    const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
    const files = { 'sales.csv': `${salesHeader}\n1|2`, 'regions.csv': 'country,region\n' };
    const published = await publishSampleData(sales, folderWith(files), home, 'data');
    expect(published.sales).toMatch(/^s3:\/\/data\/input\/sales\/[0-9a-f]{16}\/sales\.csv$/);
    expect(readFileSync(bucketPath(home, published.sales ?? ''), 'utf8')).toBe(files['sales.csv']);
    expect(await publishSampleData(sales, folderWith(files), home, 'data')).toEqual(published);
    const other = { ...files, 'regions.csv': 'country,region\nPeru,Andes\n' };
    expect((await publishSampleData(sales, folderWith(other), home, 'data')).sales).not.toBe(published.sales);
  });
});
