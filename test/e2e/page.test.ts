/** The page in a real browser: what it shows, to whom, and what it does with words that nobody meant well. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { livePage, onePage } from '../../local/watch/bundle.ts';
import { Feed } from '../../local/watch/feed.ts';
import { machineIn } from '../../local/watch/machine.ts';
import type { ExecutionTold, Machine } from '../../local/watch/model.ts';
import { drawnOf } from '../../local/watch/page/machine-parts.ts';
import { pictureOf } from '../../local/watch/picture.ts';
import { type Served, serve } from '../../local/watch/server.ts';
import { States } from '../../local/watch/states.ts';
import { root } from '../../tools/setup/folders.mjs';
import { chained, machineOf } from '../lib/constructs/workflow/invented.ts';
import { openBrowser } from '../support/browser.ts';
import { details, hostile, model, records, rows } from './page-model.ts';

const { source: axe } = createRequire(import.meta.url)('axe-core') as { readonly source: string };
const topic = '[id="topics.words"]';
let browser: Browser;
let feed: Feed;
let served: Served;

beforeAll(async () => {
  browser = await openBrowser();
  feed = new Feed();
  feed.publish(model);
  const found: Readonly<Record<string, unknown>> = { records, rows, runs: details };
  served = await serve(await livePage('words'), feed, async (what) => found[what]);
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** Opens a page, and notes what it should not do. */
async function open(url = served.url, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const wrong: string[] = [];
  page.on('console', (message) => void (['error', 'warning'].includes(message.type()) && wrong.push(message.text())));
  page.on('pageerror', (error) => void wrong.push(String(error)));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => void (request.url().startsWith(url) || wrong.push(`asked for ${request.url()}`)));
  await page.goto(url);
  await page.waitForSelector('.node');
  return { page, wrong };
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

const textOf = (page: Page, selector: string) => page.locator(selector).allInnerTexts();
const isWide = (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each([1280, 400])('at %i pixels everybody can use it, and nothing comes from elsewhere', async (width) => {
    const { page, wrong } = await open(served.url, { viewport: { width, height: 800 }, colorScheme });
    for (const part of [topic, '[id="jobs.count"]']) {
      await page.click(part);
      await page.waitForSelector('.details pre');
      expect(await violations(page)).toEqual([]);
    }
    expect(await isWide(page)).toBe(false);
    expect(wrong).toEqual([]);
    await page.close();
  });
});

describe.each([...(await loadPipelines()).map(pictureOf), model.picture])('the picture of $pipeline', (picture) => {
  test.each([1280, 400])('at %i pixels has every part and arrow, each for itself', async (width) => {
    const own = new Feed();
    own.publish({
      ...model,
      picture,
      accounts: [],
      runs: [],
      edges: Object.fromEntries(picture.edges.map(({ id }) => [id, { rows: 12_345 }])),
      machine: null,
      states: [],
      execution: null,
      results: null,
    });
    const other = await serve(await livePage('words'), own, async () => undefined);
    const { page } = await open(other.url, { viewport: { width, height: 800 } });
    const ends = picture.edges.map(({ from, to }) => [from, to]);
    const seen = await page.evaluate<Seen>(`(${look})('flow', ${JSON.stringify(ends)})`);
    expect(seen).toEqual({ parts: picture.nodes.length, arrows: picture.edges.length, wrong: [] });
    await page.close();
    await other.close();
  });
});

interface Seen {
  readonly parts: number;
  readonly arrows: number;
  readonly wrong: readonly string[];
}

/** In the browser, of one of its sections: what stands on something else, an arrow behind a part, or a title that is cut. */
const look = `(name, ends) => {
  const section = document.querySelector('[aria-labelledby="' + name + '"]');
  const parts = [...section.querySelectorAll('.node')].map((node) => ({ id: node.id, title: node.querySelector('b'), ...boxOf(node) }));
  function boxOf({ offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height }) {
    return { left, top, right: left + width, bottom: top + height };
  }
  const arrows = [...section.querySelectorAll('path.edge')].map((arrow) => {
    const length = arrow.getTotalLength();
    return Array.from({ length: 60 }, (_, step) => arrow.getPointAtLength((length * step) / 59));
  });
  const wrong = parts.flatMap((one, index) => [
    ...(one.title.scrollWidth > one.title.clientWidth || one.title.clientHeight < 10 || one.title.clientWidth < 10 ? [one.id + ' is cut'] : []),
    ...parts.slice(index + 1).filter((other) => !(one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top)).map(({ id }) => one.id + ' stands on ' + id),
    ...arrows.flatMap((points, edge) => {
      if (ends[edge].includes(one.id)) return [];
      return points.some(({ x, y }) => x > one.left && x < one.right && y > one.top && y < one.bottom) ? [ends[edge].join('>') + ' runs behind ' + one.id] : [];
    }),
  ]);
  const inWindow = (element) => element.getBoundingClientRect();
  const plane = inWindow(section.querySelector('.plane'));
  for (const figure of section.querySelectorAll('.figure')) {
    const { left, top, right, bottom } = inWindow(figure);
    if (left < plane.left || right > plane.right) wrong.push('a figure is cut');
    for (const { id } of parts) {
      const node = inWindow(document.getElementById(id));
      if (left < node.right && node.left < right && top < node.bottom && node.top < bottom) wrong.push('a figure stands on ' + id);
    }
  }
  return { parts: parts.length, arrows: arrows.length, wrong };
}`;

/** A state that is entered, with those within it. */
type Step = string | readonly [name: string, ...inner: string[]];

describe('the state machine', () => {
  const machine = machineIn(JSON.stringify(machineOf(chained))) as Machine;
  const begun = ['ReadPlatform', 'ReadPipeline', 'Prepare'];
  const locked = [...begun, 'Lock', 'ListRuns', 'EndRuns', 'Work'];
  const asking = ['CheckStream', 'StartStream', 'AskStream', 'AskCommits', 'CheckStream', 'CountStream', 'WaitStream'];
  const worked: Step[] = [...locked, ['Streams', ...asking, 'StreamReady'], 'Started', ['During', 'RunDuring']];
  const ways: Readonly<Record<string, readonly [ExecutionTold['status'], readonly Step[]]>> = {
    'that has begun': ['RUNNING', begun],
    'that runs': ['RUNNING', [...locked, ['Streams', ...asking]]],
    'that went well': [
      'SUCCEEDED',
      [
        ...[...worked, 'Streams', 'Started', 'EndStreams', 'EndRuns', 'Work', ['Drains', 'DrainStream'] as const],
        ...['Work', ['After', 'RunAfter'] as const, 'Release', 'Ended', 'Done'],
      ],
    ],
    'that failed': [
      'FAILED',
      [
        ...[...worked, ['!Drains', '!DrainStream'] as const, 'Ended', 'KeepError', 'ListRuns', 'EndRuns', 'Work'],
        ...['Release', 'Ended', '!Failed'],
      ],
    ],
    'that was refused': [
      'FAILED',
      [...begun, '!Lock', 'ReadHolder', 'HolderKnown', 'DescribeHolder', 'HolderEnded', '!Busy'],
    ],
  };

  /** Enters and leaves these; of an execution that runs, the last one is still at work. A sign before a name says that it fails. */
  function take(states: States, steps: readonly Step[], running: boolean): void {
    for (const [index, step] of steps.entries()) {
      const [named = '', ...inner] = Array.isArray(step) ? step : [step];
      const state = named.replace('!', '');
      const add = (event: string) =>
        states.add({ event, state, at: model.execution?.startedAt ?? '', error: 'JobFailed' });
      const isOpen = running && index === steps.length - 1;
      add('StateEntered');
      take(states, inner, isOpen);
      if (named !== state) add('StateFailed');
      if (named !== state && index < steps.length - 1) add('StateCaught');
      if (!isOpen) add('StateExited');
    }
  }

  describe.each([1280, 400])('at %i pixels', (width) => {
    test.each(Object.keys(ways))('%s has every state and arrow, each for itself', async (way) => {
      const [status, steps] = ways[way] ?? ['RUNNING' as const, []];
      const played = new States(machine);
      take(played, steps, status === 'RUNNING');
      const states = played.told();
      const own = new Feed();
      const none = {
        accounts: [],
        runs: [],
        edges: {},
        results: null,
      };
      own.publish({
        ...model,
        ...none,
        machine,
        states,
        execution: { ...(model.execution as ExecutionTold), status },
      });
      const other = await serve(await livePage('words'), own, async () => undefined);
      const { page, wrong } = await open(other.url, { viewport: { width, height: 800 } });
      for (const all of [false, true]) {
        if (all) await page.click('.all');
        const drawn = drawnOf(machine, states, { running: status === 'RUNNING', all });
        const ends = drawn.arrows.map(({ from, to }) => [`states.${from}`, `states.${to}`]);
        const seen = await page.evaluate<Seen>(`(${look})('execution', ${JSON.stringify(ends)})`);
        expect(seen).toEqual({ parts: drawn.states.length, arrows: drawn.arrows.length, wrong: [] });
      }
      // This one has states of every look.
      if (way === 'that failed') expect(await violations(page)).toEqual([]);
      expect(await isWide(page)).toBe(false);
      expect(wrong).toEqual([]);
      await page.close();
      await other.close();
    });
  });
});

test('by the keyboard alone a part is opened, read and closed', async () => {
  const { page } = await open();
  const focused = () => page.evaluate<string>('document.activeElement.id');
  while ((await focused()) !== 'topics.words') await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.details table');
  await page.waitForSelector('#details:focus');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Close');
  await page.keyboard.press('Escape');
  expect(await page.locator('.details').count()).toBe(0);
  expect(await focused()).toBe('topics.words');
  for (const state of ['Streams', 'AskStream']) {
    while ((await focused()) !== `states.${state}`) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`#state-${state}:focus`);
  }
  for (const state of ['AskStream', 'Streams']) {
    await page.keyboard.press('Escape');
    expect(await focused()).toBe(`states.${state}`);
  }
  await page.close();
});

test('a table opens its rows, and says how many there are', async () => {
  const { page, wrong } = await open();
  await page.click('[id="tables.kept"]');
  await page.waitForSelector('.details td');
  const shown = (await textOf(page, '.details')).join(' ');
  expect(shown).toContain('more than 100,000');
  expect(shown).toContain('The last 2 rows by word');
  expect(await violations(page)).toEqual([]);
  expect(wrong).toEqual([]);
  await page.close();
});

test('a page that nobody sees asks for no details', async () => {
  let asked = 0;
  const other = await serve(await livePage('words'), feed, async () => ({ spec: null, log: `asked ${++asked} times` }));
  const { page } = await open(other.url);
  const hide = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })`);
  await page.click('[id="jobs.count"]');
  await page.locator('.log', { hasText: 'asked 1 times' }).waitFor();
  await hide(true);
  await page.waitForTimeout(4_000);
  expect(asked).toBe(1);
  await hide(false);
  await page.locator('.log', { hasText: 'asked 2 times' }).waitFor({ timeout: 10_000 });
  await page.close();
  await other.close();
});

test('of a log the newest lines are seen, until somebody looks back', async () => {
  let lines = 100;
  const log = () => Array.from({ length: lines }, (_, line) => `line ${line}`).join('\n');
  const other = await serve(
    await livePage('words'),
    feed,
    async (what) => what === 'runs' && { spec: null, log: log() },
  );
  const { page } = await open(other.url);
  await page.click('[id="jobs.count"]');
  const frame = "document.querySelector('.log')";
  const isAtEnd = () =>
    page.evaluate<boolean>(`${frame}.scrollHeight - ${frame}.scrollTop - ${frame}.clientHeight < 5`);
  const shows = (line: string) => page.locator('.log', { hasText: line }).waitFor({ timeout: 10_000 });
  await shows('line 99');
  expect(await isAtEnd()).toBe(true);
  lines = 150;
  await shows('line 149');
  expect(await isAtEnd()).toBe(true);
  await page.evaluate(`${frame}.scrollTo(0, 0)`);
  lines = 200;
  await shows('line 199');
  expect(await page.evaluate(`${frame}.scrollTop`)).toBe(0);
  await page.close();
  await other.close();
});

test('what others wrote is shown as the text that it is, everywhere', async () => {
  const { page, wrong } = await open();
  for (const part of ['topics.words', 'topics.lost', 'jobs.count', 'jobs.show', 'tables.kept']) {
    await page.click(`[id="${part}"]`);
    await page.waitForSelector('.details pre, .details [aria-label="The last 2 rows by word"] td');
    expect((await textOf(page, '.details')).join(' ')).toContain(hostile);
  }
  for (const part of ['header', '.account', '.scroll td', '[aria-labelledby="execution"] > p'])
    expect((await textOf(page, part)).join(' ')).toContain(hostile);
  for (const state of ['Streams', 'AskStream']) await page.click(`[id="states.${state}"]`);
  expect((await textOf(page, '.details .details')).join(' ')).toContain(hostile);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(1);
  expect(wrong).toEqual([]);
  await page.close();
});

describe('an account', () => {
  const [account] = model.accounts;
  test.each([
    ['is green when it was counted and adds up', { settled: true, addsUp: true }, 'good', 'adds up'],
    ['is red when it was counted and does not', { settled: true, addsUp: false }, 'bad', 'does not add up'],
    ['is neither while only jobs tell of it', { settled: false, addsUp: false }, 'idle', 'not counted yet'],
  ])('%s', async (_what, change, look, word) => {
    const own = new Feed();
    own.publish({ ...model, accounts: [{ ...account, ...change } as never] });
    const other = await serve(await livePage('words'), own, async () => undefined);
    const { page } = await open(other.url);
    expect(await page.locator('.account').getAttribute('class')).toBe(`account ${look}`);
    expect((await textOf(page, '.verdict')).join()).toContain(word);
    await page.close();
    await other.close();
  });
});

describe('a page that follows', () => {
  const shows = (page: Page, rows: string) =>
    page.locator('.figure', { hasText: rows }).first().waitFor({ timeout: 10_000 });
  const tell = (rows: number) => feed.publish({ edges: { 'topics.words>jobs.count': { rows } } });

  test('shows what changes, as do nine others', async () => {
    // Each as a browser of its own: one browser has six connections to a host.
    const all = await Promise.all(Array.from({ length: 10 }, () => browser.newContext()));
    const pages = await Promise.all(all.map((context) => context.newPage()));
    for (const page of pages) await page.goto(served.url);
    await Promise.all(pages.map((page) => page.waitForSelector('.node')));
    tell(1_201);
    await Promise.all(pages.map((page) => shows(page, '1,201')));
    await Promise.all(all.map((context) => context.close()));
  });

  test('that nobody saw for a while gives its connection back, and has missed nothing', async () => {
    const { page } = await open();
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    tell(1_202);
    feed.publish({ runs: [] });
    await page.waitForTimeout(200);
    expect(await page.locator('.figure', { hasText: '1,202' }).count()).toBe(0);
    await hide(false);
    await shows(page, '1,202');
    feed.publish({ runs: model.runs, edges: model.edges });
    await page.close();
  });

  test('keeps what it showed last when the command ends, and says so', async () => {
    const own = new Feed();
    own.publish(model);
    const other = await serve(await livePage('words'), own, async () => undefined);
    const { page } = await open(other.url);
    await other.close();
    await page.locator('text=the command has ended').waitFor({ timeout: 10_000 });
    expect((await textOf(page, '.equation')).join(' ')).toContain('1,200');
    await page.close();
  });
});

test('a report is one file that shows the same, and loads nothing', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'report-')), 'report.html');
  const html = await onePage('words', { model, runs: { 'count-stream': details } });
  writeFileSync(file, html);
  const { page, wrong } = await open(pathToFileURL(file).href, { offline: true });
  await page.click('[id="jobs.count"]');
  expect((await textOf(page, '.details')).join(' ')).toContain('words: 3 rows');
  expect((await textOf(page, '.equation')).join(' ')).toContain('1,200');
  expect(await violations(page)).toEqual([]);
  expect(wrong).toEqual([]);
  expect(Buffer.byteLength(html)).toBeLessThan(500_000);
  await page.close();
});

test('the picture in the README is made by its script, in the size of the one that is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  const [report, picture] = [join(folder, 'report.html'), join(folder, 'picture.png')];
  writeFileSync(report, await onePage('words', { model, runs: {} }));
  const script = join(import.meta.dirname, 'screenshot.ts');
  const { stderr } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    ...[script, report, picture],
  ]);
  expect(stderr).toBe('');
  // The name of the format, and from byte 16 on the width and the height.
  const begins = (path: string) => readFileSync(path).subarray(0, 24).toString('hex');
  expect(begins(picture)).toBe(begins(join(root, 'docs', 'images', 'watch.png')));
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(readme).toContain('](docs/images/watch.png)');
});

test('is printed as wide as a sheet of paper, and is as wide as its window again', async () => {
  const { page } = await open();
  const width = () => page.evaluate<number>("document.querySelector('.flow').offsetWidth");
  const before = await width();
  expect(before).toBeGreaterThan(700);
  // What a page draws on paper is what it is when its own listeners have been heard.
  await page.evaluate(`addEventListener('beforeprint', async () => {
    for (let turn = 0; turn < 5; turn += 1) await undefined;
    window.printed = document.querySelector('.flow').offsetWidth;
  })`);
  await page.pdf({ format: 'A4' });
  expect(await page.evaluate('window.printed')).toBeLessThanOrEqual(700);
  await page.waitForFunction(`document.querySelector('.flow').offsetWidth === ${before}`);
  await page.close();
});

test('is printed dark on white, whatever the screen is like', async () => {
  const { page } = await open(served.url, { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(27, 31, 35)');
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('the page is small', async () => {
  const { page } = await open();
  const bytes = await page.evaluate<number>(
    "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.decodedBodySize, 0)",
  );
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(500_000);
  await page.close();
});
