/** A run that would show nothing is refused before anything starts, and no other. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instant, text } from '../../../lib/declaration/index.ts';
import type { InputFile } from '../../../lib/declaration/kinds/file.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { refuseFilters } from '../../../local/cli/filters.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const now = Date.parse('2026-01-31T13:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'millrace-filters-'));
writeFileSync(join(folder, 'lines.csv'), 'word\nmill\n');
writeFileSync(join(folder, 'totals.csv'), 'word|times\nmill|1\nrace|2\n');

/** The pipeline of words, whose results may be chosen by a word of its table and by a time. */
function filtered(): Pipeline {
  const { pipeline, jobs } = wordsPipeline();
  mkdirSync(pipeline.folders.jobs, { recursive: true });
  writeFileSync(join(pipeline.folders.jobs, 'send.py'), 'file.read_table(spark, spec, "totals", "word", events)\n');
  const word = text({ pattern: '.+', unit: 'word', description: 'One word.' });
  const since = instant({ description: 'What is newer.' });
  const { totals } = jobs.send.reads as unknown as { totals: InputFile };
  const job = Object.assign(Object.create(jobs.show), { parameters: { word, since } });
  const filters = [
    { by: word, among: { file: totals, column: 'word', others: ['none'] } },
    { by: since, ahead: 10 },
  ] as const;
  return { ...pipeline, report: { ...(pipeline.report as NonNullable<Pipeline['report']>), job, filters } };
}

test.each([
  [
    { word: 'water' },
    '"word" in the input is "water", of which there can be no results. There can be: mill, race, none.',
  ],
  [{ since: '2026-01-31T13:10:00.001Z' }, 'There can be: instants to 2026-01-31T13:10:00.000Z.'],
])('%j', async (input, words) => {
  await expect(refuseFilters(filtered(), folder, input, now)).rejects.toMatchObject({
    code: 'FILTER_MATCHES_NOTHING',
    message: expect.stringContaining(words),
  });
});

test.each([
  [{}],
  [{ word: 'race' }],
  [{ word: 'none' }],
  [{ word: '' }],
  [{ word: 5 }],
  [{ since: '2026-01-31T13:10:00Z' }],
  [{ since: 'tomorrow' }],
])('%j may be found, or is for others to refuse', async (input) => {
  await expect(refuseFilters(filtered(), folder, input, now)).resolves.toBeUndefined();
});

test('what a file holds of which no job says that it is a table is not known', async () => {
  const pipeline = filtered();
  writeFileSync(join(pipeline.folders.jobs, 'send.py'), '');
  await expect(refuseFilters(pipeline, folder, { word: 'water' }, now)).resolves.toBeUndefined();
});
