/**
 * Makes orders as JSON lines that are not in the tree, in the forms in which applications write JSON: fields in any order, blanks, escapes, fields that
 * nobody asked for, absent fields, times with and without fractions and offsets.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const countries = ['Peru', 'Côte d’Ivoire', 'Türkiye', 'Korea, Republic of', 'One|Two', 'The "Quoted" Land'];

/** Amounts as they are written; no binary fraction is any of these but the whole ones. */
const amounts = ['3.99', '0.1', '0.20', '7', '1234567.89', '-2.05'];

/** A line's form: takes the fields as they are written and gives the line. */
type Form = (fields: readonly (readonly [name: string, value: string])[]) => string;

const forms: readonly Form[] = [
  (fields) => `{${fields.map(([name, value]) => `"${name}":${value}`).join(',')}}`,
  (fields) =>
    `  { ${fields
      .toReversed()
      .map(([name, value]) => `"${name}" : ${value}`)
      .join(' , ')} }`,
  (fields) =>
    `{${[...fields, ['coupon', '{"code":["A",1.5]}']].map(([name, value]) => `"${name}":${value}`).join(',')}}`,
];

/** The moment in one of the forms of RFC 3339. */
function written(moment: Date, index: number): string {
  if (index % 3 === 0) return moment.toISOString();
  if (index % 3 === 1) return moment.toISOString().replace(/\.\d+Z$/, 'Z');
  const shifted = new Date(moment.getTime() + 5.5 * 3_600_000).toISOString();
  return shifted.replace(/Z$/, '456+05:30');
}

const escaped = (text: string) =>
  JSON.stringify(text).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Makes so many orders, with ids from the first on, all sent at the moment given. */
export function orderLines(count: number, first: number, moment: Date): string[] {
  return Array.from({ length: count }, (_, index) => {
    const country = countries[index % countries.length] ?? '';
    const fields: [string, string][] = [
      ['order_id', String(first + index)],
      ['customer_id', String(1 + (index % 97))],
      ['amount', amounts[index % amounts.length] ?? '0'],
      ['order_date', `"${written(moment, index)}"`],
      ['country', index % 2 ? JSON.stringify(country) : escaped(country)],
    ];
    if (index % 5 === 0) fields.push(['city', 'null']);
    if (index % 5 === 1) fields.push(['city', '"São Paulo"'], ['district', '"Sé"']);
    return (forms[index % forms.length] as Form)(fields);
  });
}

/** Writes lines into a file of their own and gives its path. */
export function fileOf(lines: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-orders-')), 'lines.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
