/**
 * Makes a small data set that is not in the tree: quotes, accents, empty fields, unknown countries, and lines that are no sales.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const regions = [
  ['Peru', 'Latin America & Caribbean'],
  ['Côte d’Ivoire', 'Sub-Saharan Africa'],
  ['Korea, Republic of', 'East Asia & Pacific'],
  ['Türkiye', 'Europe & Central Asia'],
  ['"Quoted" Land', 'Europe & Central Asia'],
] as const;

const countries = [...regions.map(([country]) => country), 'Atlantis'];

/** Lines that are no sales: a field too few, an amount that is no number, a date that is none, a payment id that is none. */
const badLines = [
  '900001|5|3.99|2021-05-10 13:04:06.996577+00|Lima||',
  '900002|5|three|2021-05-10 13:04:06.996577+00|Lima|Lima|Peru',
  '900003|5|3.99|yesterday|Lima|Lima|Peru',
  'none|5|3.99|2021-05-10 13:04:06.996577+00|Lima|Lima|Peru',
];

export interface Data {
  readonly folder: string;
  readonly good: number;
  readonly bad: number;
}

/** Writes both files into a new folder. */
export function makeData(good: number): Data {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-data-'));
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const regionLines = regions.map(
    ([country, region], index) => `${quoted(country)},${index === 1 ? ' ' : ''}${quoted(region)}`,
  );
  writeFileSync(join(folder, 'regions.csv'), `"country","region"\n${regionLines.join('\n')}\n`);
  const sales = Array.from({ length: good }, (_, index) => {
    const country = countries[index % countries.length] ?? '';
    const amount = `${3 + (index % 11)}.99`;
    const date = index % 2 ? '2021-05-10 13:04:06.996577+00' : '2021-05-08 21:21:56.996577 +00:00';
    const text = /["|]/.test(country) ? quoted(country) : country;
    return `${good * 3 - index}|${1 + (index % 599)}|${amount}|${date}|São Paulo|${index % 50 ? 'District' : ''}|${text}`;
  });
  const lines = [...sales.slice(0, 7), ...badLines, ...sales.slice(7)];
  const header = 'payment_id|customer_id|amount|payment_date|city|district|country';
  writeFileSync(join(folder, 'sales.csv'), `${header}\n${lines.join('\n')}\n`);
  return { folder, good, bad: badLines.length };
}
