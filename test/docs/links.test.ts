/** Links between the pages of the project lead to a file, and to a heading where they name one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../tools/setup/folders.mjs';

const decisions = join(root, 'docs', 'decisions');
const pages = [
  ...readdirSync(root).map((name) => join(root, name)),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join(root, 'docs', name)),
].filter((path) => path.endsWith('.md'));

/** A page without its examples, in which brackets mean something else. */
const proseOf = (page: string) => readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The links of a page that lead nowhere. */
function brokenIn(page: string): string[] {
  const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : resolve(dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
}

test.each(pages.map((page) => relative(root, page)))('links of %s', (page) => {
  expect(brokenIn(join(root, page))).toEqual([]);
});

describe('decisions', () => {
  const names = readdirSync(decisions).filter((name) => name !== 'README.md');

  test('are numbered without a gap and listed in their order', () => {
    const listed = [...readFileSync(join(decisions, 'README.md'), 'utf8').matchAll(/^(\d+)\. \[.*\]\((.*)\)$/gm)];
    expect(listed.map(([, number, name]) => [Number(number), name])).toEqual(
      names.map((name, index) => [index + 1, name]),
    );
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  });

  test.each(names)('%s says its number, status, context, decision and consequences', (name) => {
    const text = readFileSync(join(decisions, name), 'utf8');
    expect(text).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. .+\\n\\nStatus: accepted.*\\n`));
    expect(text.match(/^## .*/gm)).toEqual(['## Context', '## Decision', '## Consequences']);
  });
});
