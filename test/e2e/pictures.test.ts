/** The pictures of the docs in a real browser, drawn by the library that draws them on GitHub: nothing stands on or runs behind anything, and shapes tell things apart. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesOf, foldersOf, tablesOf, topicsOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { filesBelow } from '../../tools/files.mjs';
import { root } from '../../tools/setup/folders.mjs';
import { openBrowser } from '../support/browser.ts';

const library = createRequire(import.meta.url).resolve('@mermaid-js/tiny');

const pages = [join(root, 'README.md'), ...filesBelow(join(root, 'docs'), []).filter((path) => path.endsWith('.md'))];
const pictures = pages.flatMap((path) =>
  readFileSync(path, 'utf8')
    .split(/^#+ /m)
    .flatMap((section) => {
      const [heading = ''] = section.split('\n');
      const where = `${relative(root, path)}, ${heading}`;
      return [...section.matchAll(/^```mermaid\n(.*?)^```/gms)].map(([, text = '']) => [where, text] as const);
    }),
);

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 3_000, height: 2_000 } });
  await page.setContent('<main></main>');
  await page.addScriptTag({ path: library });
  await page.evaluate('mermaid.initialize({ startOnLoad: false })');
});
afterAll(() => browser?.close());

interface Drawn {
  /** How many parts, lines and words there are. */
  readonly parts: number;
  readonly lines: number;
  readonly words: number;
  readonly wrong: readonly string[];
  /** The first line of each part, and its outline. */
  readonly outlines: readonly (readonly [label: string, outline: string])[];
}

/** In the browser: draws a picture in its own size, and looks at where all of it is. */
const draw = `async (text) => {
  const { svg } = await mermaid.render('picture', text);
  const main = document.querySelector('main');
  main.innerHTML = svg;
  const all = (what) => [...main.querySelectorAll(what)];
  const boxOf = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const told = (element) => element.innerText ?? element.textContent;
  const grown = ({ left, top, right, bottom }, by) => ({ left: left - by, top: top - by, right: right + by, bottom: bottom + by });
  const holds = ({ left, top, right, bottom }, { x, y }) => x > left && x < right && y > top && y < bottom;
  const meet = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  const parts = all('.node, rect.actor').map((element) => ({
    label: (told(element.querySelector('.nodeLabel') ?? element) || element.id).trim(), ...boxOf(element.querySelector('.label-container') ?? element), element,
  }));
  const words = all('.edgeLabel foreignObject, .messageText, .loopText').map((element) => ({ label: told(element).trim(), ...boxOf(element) })).filter(({ label }) => label);
  const lines = all('path.flowchart-link, path.transition').map((path) => {
    const [matrix, length] = [path.getScreenCTM(), path.getTotalLength()];
    const points = Array.from({ length: 120 }, (_, step) => path.getPointAtLength((length * step) / 119).matrixTransform(matrix));
    return { label: path.dataset.id ?? path.id, points, ends: [points[0], points.at(-1)] };
  });
  const lives = all('line.actor-line').map((line) => grown(boxOf(line), 1));
  const wrong = [
    ...words.filter((one) => lives.some((life) => meet(one, life))).map(({ label }) => 'a line runs behind ' + label),
    ...parts.flatMap((one, index) => parts.slice(index + 1).filter((other) => meet(one, other)).map(({ label }) => one.label + ' stands on ' + label)),
    ...words.flatMap((one, index) => [...parts, ...words.slice(index + 1)].filter((other) => meet(grown(one, -2), other)).map(({ label }) => one.label + ' stands on ' + label)),
    ...parts.flatMap((one) => lines
      // What it begins or ends at, it touches.
      .filter(({ points, ends }) => !ends.some((end) => holds(grown(one, 12), end)) && points.some((point) => holds(grown(one, 2), point)))
      .map(({ label }) => label + ' runs behind ' + one.label)),
    ...all('.node foreignObject').filter((room) => room.firstElementChild.scrollWidth > room.clientWidth + 1).map((room) => told(room) + ' is cut'),
  ];
  const outline = (element) => {
    const shape = element.querySelector('.label-container');
    return shape?.tagName === 'polygon' ? 'slanted' : shape?.tagName === 'rect' ? 'box' : shape?.tagName === 'path' ? 'cylinder' : 'rounded';
  };
  const outlines = all('.node').filter((node) => node.querySelector('.nodeLabel')).map((node) => [told(node.querySelector('.nodeLabel')).split('\\n')[0].trim(), outline(node)]);
  return { parts: parts.length, lines: lines.length + all('.messageLine0, .messageLine1').length, words: words.length, wrong, outlines };
}`;

const drawn = (text: string) => page.evaluate<Drawn>(`(${draw})(${JSON.stringify(text)})`);

test.each(pictures)('%s: nothing stands on or runs behind anything', async (_where, text) => {
  const { parts, lines, wrong } = await drawn(text);
  expect(wrong).toEqual([]);
  expect(parts).toBeGreaterThan(2);
  expect(lines).toBeGreaterThan(1);
});

test('what would be wrong is seen', async () => {
  const { wrong } = await drawn('flowchart LR\n a["one"] --> b["two"] --> c["three"]\n');
  expect(wrong).toEqual([]);
  const crossed = await page.evaluate<Drawn>(
    `(${draw.replace(
      'const all =',
      `const [first, second] = main.querySelectorAll('.node');
     second.setAttribute('transform', first.getAttribute('transform'));
     main.querySelector('path.flowchart-link').setAttribute('d', 'M-50,0 L-50,1');
     [...main.querySelectorAll('path.flowchart-link')].at(-1).setAttribute('d', 'M-200,' + 30 + ' L900,' + 30);
     const all =`,
    )})('flowchart LR\\n a["one"] --> b["two"] --> c["three"]\\n')`,
  );
  expect(crossed.wrong).toEqual(
    expect.arrayContaining(['one stands on two', 'L_b_c_0 runs behind one', 'L_b_c_0 runs behind three']),
  );
});

test('networks, stacks and the life of a stream are among them', () => {
  const texts = pictures.map(([, text]) => text).join('\n');
  for (const told of ['analytics VPC', 'EMR Serverless', 'Draining', 'sequenceDiagram']) expect(texts).toContain(told);
});

describe('shapes', async () => {
  const pipelines = await loadPipelines();
  const names = (things: readonly { readonly name: string }[]) => things.map(({ name }) => name);
  const all = <T>(of: (pipeline: (typeof pipelines)[number]) => Readonly<Record<string, T>>): T[] =>
    pipelines.flatMap((pipeline) => Object.values(of(pipeline)));
  const kinds: Readonly<Record<string, readonly string[]>> = {
    rounded: names(all(topicsOf)),
    slanted: [...all(filesOf).map(({ sample }) => sample), ...all(foldersOf).map(({ name }) => `${name}/`)],
    cylinder: pipelines.flatMap((pipeline) =>
      names(Object.values(tablesOf(pipeline))).map((name) => `${pipeline.name}.${name}`),
    ),
    box: pipelines.flatMap(({ jobs }) => Object.keys(jobs)),
  };

  test.each(Object.keys(kinds))('that are %s stand for what they stand for everywhere', async (outline) => {
    const known = new Set(kinds[outline]);
    const found: (readonly [string, string, string])[] = [];
    for (const [where, text] of pictures.filter(([, text]) => text.startsWith('flowchart'))) {
      const { outlines } = await drawn(text);
      found.push(
        ...outlines.filter(([label]) => known.has(label)).map(([label, seen]) => [where, label, seen] as const),
      );
    }
    expect(found.filter(([, , seen]) => seen !== outline)).toEqual([]);
    expect(found.length).toBeGreaterThan(4);
  });
});
