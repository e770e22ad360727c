/** The table on the dashboard shows what the newest execution left, and whatever strangers wrote is text in it. */
import { expect, test } from 'vitest';
import { type ResultsPorts, resultsTable } from '../../../lambda/results-table/core.ts';

const columns = [
  { field: 'town', title: 'town <b>', format: 'text' },
  { field: 'takings', title: 'takings', format: 'money' },
  { field: 'at', title: 'at', format: 'time' },
] as const;

/** What there is: of each execution, the newest first, the texts of its files. */
function portsOf(executions: Readonly<Record<string, readonly string[]>>, { whole = true } = {}): ResultsPorts {
  return {
    executions: async () =>
      Object.keys(executions).map((name) => ({ name, status: 'SUCCEEDED', started: new Date('2026-01-31T13:00:59Z') })),
    files: async (name) => (executions[name] ?? []).map((_, index) => `${name}/${index}`),
    beginning: async (key) => {
      const [name = '', index] = key.split('/');
      return { text: executions[name]?.[Number(index)] ?? '', whole };
    },
  };
}

const bodyOf = (html: string): string[] =>
  [...html.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, text = '']) => text).slice(columns.length);

test('it is of the newest execution that left results, over all its files', async () => {
  const row = (town: string) => `{"town":"${town}","takings":1234567.50,"at":"2026-01-31T13:00:00.000Z"}\n`;
  const html = await resultsTable(
    columns,
    portsOf({ 'of-a-job': [], newest: [row('Oslo'), '', row('Rome')], older: [row('Bern')] }),
  );
  expect(html).toMatch(/^<p>Execution newest, SUCCEEDED, of 2026-01-31 13:00 UTC<\/p><table>/);
  expect(bodyOf(html)).toEqual([
    'Oslo',
    '1,234,567.50',
    '2026-01-31 13:00 UTC',
    'Rome',
    '1,234,567.50',
    '2026-01-31 13:00 UTC',
  ]);
});

test('amounts keep every digit, and stand under each other', async () => {
  const html = await resultsTable(columns, portsOf({ one: ['{"town":"a","takings":9007199254740993.10}\n'] }));
  expect(html).toContain('<td style="text-align: right">9,007,199,254,740,993.10</td>');
});

test.each([
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  [
    '<cwdb-action action="call" endpoint="arn:aws:lambda">',
    '&lt;cwdb-action action=&quot;call&quot; endpoint=&quot;arn:aws:lambda&quot;&gt;',
  ],
  ['&lt;', '&amp;lt;'],
  [`" onmouseover='x'`, '&quot; onmouseover=&#39;x&#39;'],
  ['\u001b[31mred\u202e', '\u{FFFD}[31mred\u{FFFD}'],
  ['x'.repeat(300), `${'x'.repeat(200)}...`],
])('%j is text', async (town, text) => {
  const html = await resultsTable(columns, portsOf({ '<i>': [`${JSON.stringify({ town, takings: 1, at: '' })}\n`] }));
  expect(bodyOf(html)[0]).toBe(text);
  expect(html).toContain('<p>Execution &lt;i&gt;, ');
  expect(html).toContain('>town &lt;b&gt;</th>');
  expect(html.replace(/<\/?(p|table|thead|tbody|tr|th|td)( style="text-align: right")?>/g, '')).not.toContain('<');
});

test('of many rows the first hundred are there, and that there are more', async () => {
  const rows = Array.from({ length: 101 }, (_, index) => `{"town":"t${index}"}\n`).join('');
  const html = await resultsTable(columns, portsOf({ one: [rows] }));
  expect(html).toContain('; the report has more rows than these 100');
  expect(bodyOf(html)).toHaveLength(300);
});

test('a file that was not read to its end ends with its last whole line', async () => {
  const html = await resultsTable(
    columns,
    portsOf({ one: ['{"town":"a"}\n{"tow', '{"town":"b"}\n'] }, { whole: false }),
  );
  expect(html).toContain('; the report has more rows than these 1');
  expect(bodyOf(html)).toEqual(['a', '', '']);
});

test('where there are no results it says so', async () => {
  expect(await resultsTable(columns, portsOf({ one: [], two: [] }))).toBe(
    '<p>None of the last executions has left results.</p>',
  );
});
