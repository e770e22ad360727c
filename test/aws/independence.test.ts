/**
 * Pipelines do not depend on each other: the app is synthesized without each of them in turn and without any, and every other
 * template, those of the platform too, has to be the same to the last byte. Then the same after a mistake.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { environmentNames, templateFiles } from './support/stacks.ts';

const pipelines = await loadPipelines();

/** Templates as text, by their file, in one of the assemblies of the set-up. */
function templatesOf(assembly: string): Map<string, string> {
  const folder = join(inject('assembly'), assembly);
  return new Map(templateFiles(assembly).map((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

/** What became of templates when the pipeline left: lost, new or changed, but for its own. */
function changesWithout(pipeline: string, before: Map<string, string>, after: Map<string, string>): string[] {
  const own = environmentNames.map((name) => `assembly-${name}/${name}${pipeline}`);
  const others = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => !own.some((prefix) => file.startsWith(prefix) && /^[0-9A-F]{8}\./.test(file.slice(prefix.length))),
  );
  return others.filter((file) => before.get(file) !== after.get(file));
}

describe.each(pipelines.map(({ name }) => name))('without pipeline %s', (name) => {
  const before = templatesOf('app');
  const after = templatesOf(`without-${name}`);

  it('its own templates are gone', () => {
    expect(before.size - after.size).toBe(environmentNames.length);
  });

  it('every other template is the same, byte for byte', () => {
    expect(changesWithout(name, before, after)).toEqual([]);
  });
});

it('without any pipeline the platform is the same, byte for byte', () => {
  const [before, after] = [templatesOf('app'), templatesOf('bare')];
  expect([...after].filter(([file, text]) => before.get(file) !== text).map(([file]) => file)).toEqual([]);
  expect(before.size - after.size).toBe(pipelines.length * environmentNames.length);
});

describe('a dependency is found', () => {
  const before = templatesOf('readings');
  const [network = ''] = [...before.keys()].filter((file) => file.includes('network'));
  const without = new Map([...before].filter(([file]) => !file.includes('readings')));

  it('only where there is one', () => {
    expect(changesWithout('readings', before, without)).toEqual([]);
  });

  it('of a template that says one byte less', () => {
    const changed = new Map(without).set(network, (without.get(network) ?? '').slice(0, -1));
    expect(changesWithout('readings', before, changed)).toEqual([network]);
  });

  it('of a stack that went too', () => {
    const fewer = new Map([...without].filter(([file]) => file !== network));
    expect(changesWithout('readings', before, fewer)).toEqual([network]);
  });
});
