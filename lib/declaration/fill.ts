/** Templates of specs, and how they are filled in. */
import { isObject } from './json.ts';

/** A part of a job's spec whose texts may hold placeholders, such as `{platform.bucket}`. */
export type Template = string | number | boolean | null | readonly Template[] | { readonly [name: string]: Template };

/** A parameter that lacks what the jobs need: a fault of the deployment, which no other input would mend. */
export class IncompleteDeployment extends Error {
  constructor(path: string) {
    super(`The deployed parameters have no ${path}. Deploy the pipeline again.`);
    this.name = 'IncompleteDeployment';
  }
}

const PLACEHOLDER = /\{(#?)([a-zA-Z]+\.[^{}]+)\}/g;

/**
 * The template with each `{a.b}` replaced by what the scope holds there, once: a value that looks like a placeholder stays what it is. A
 * text that is one placeholder takes the value as it is, `{#a.b}` as a number; elsewhere values are written into the text.
 *
 * @throws IncompleteDeployment when the scope has no such value
 */
export function fill(template: Template, scope: object): Template {
  if (typeof template === 'string') {
    const [first] = template.matchAll(PLACEHOLDER);
    if (first?.[0] === template) return first[1] ? numberAt(first[2], scope) : lookUp(first[2], scope);
    return template.replace(PLACEHOLDER, (_, _number, path: string) => String(lookUp(path, scope)));
  }
  if (Array.isArray(template)) return template.map((part) => fill(part, scope));
  if (!isObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, part]) => [name, fill(part, scope)]));
}

/** The texts in which a template has a placeholder, each as its path in the scope. */
export function placeholdersOf(template: Template): string[] {
  return [...JSON.stringify(template).matchAll(PLACEHOLDER)].map(([, , path = '']) => path);
}

function numberAt(path = '', scope: object): number {
  const number = Number(lookUp(path, scope));
  if (Number.isNaN(number)) throw new IncompleteDeployment(`number in ${path}`);
  return number;
}

function lookUp(path = '', scope: object): string | number {
  const value = path.split('.').reduce<unknown>(step, scope);
  if (typeof value !== 'string' && typeof value !== 'number') throw new IncompleteDeployment(path);
  return value;
}

const step = (at: unknown, key: string): unknown => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined);
