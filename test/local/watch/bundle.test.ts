/** The page is made of what belongs to it. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { livePage, onePage } from '../../../local/watch/bundle.ts';

const main = fileURLToPath(new URL('../../../local/watch/page/main.tsx', import.meta.url));

test('in the browser runs the page with packages, and nothing of what runs on the machine', async () => {
  const { metafile } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    metafile: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => !/^local\/watch\/page\//.test(path));
  const packages = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? path);
  expect([...new Set(packages)].sort()).toEqual(['@dagrejs/dagre', '@kurkle/color', 'chart.js', 'preact']);
});

test('it names no address, and carries the licences of its packages', async () => {
  const page = await livePage('words');
  const script = page['page.js']?.text ?? '';
  const addresses = [...script.matchAll(/https?:\/\/[^"'`\s)]+/g)].map(([address]) => new URL(address).hostname);
  expect(
    [...new Set(addresses)].filter((host) => !['www.w3.org', 'www.chartjs.org', 'github.com'].includes(host)),
  ).toEqual([]);
  expect(script).toMatch(/@license|Released under the MIT License/);
});

test('a title and a record cannot leave their place in a report', async () => {
  const html = await onePage('</title><script>', { text: '</script><script>alert(1)</script>' });
  expect(html).toContain('<title>&lt;/title>&lt;script></title>');
  expect(html.match(/<script/g)).toHaveLength(2);
});
