/**
 * Fills one template: its text and the name of a pipeline come in, the text of the file goes out. Called by `scaffold.ts`.
 */

const PLACEHOLDER = '{{name}}';

/** A line of Python that imports from a package of `jobs/pyspark`. */
const OWN_IMPORT = /^from ([a-z0-9]+)(\.\S+)? import .*$/;

/** Puts the name wherever the placeholder stands, and Python's imports in the order that the linter wants for this name. */
export function fill(template: string, name: string): string {
  return sortOwnImports(template.replaceAll(PLACEHOLDER, name), name);
}

/** Sorts each run of lines that import from `millrace` or from the pipeline: which comes first depends on the name. */
function sortOwnImports(text: string, name: string): string {
  const lines = text.split('\n');
  const isOwn = (line: string | undefined) => ['millrace', name].includes(OWN_IMPORT.exec(line ?? '')?.[1] ?? '');
  for (let start = 0; start < lines.length; start += 1) {
    if (!isOwn(lines[start])) continue;
    let end = start;
    while (isOwn(lines[end])) end += 1;
    const sorted = lines.slice(start, end).sort((one, other) => (moduleOf(one) < moduleOf(other) ? -1 : 1));
    lines.splice(start, end - start, ...sorted);
    start = end;
  }
  return lines.join('\n');
}

const moduleOf = (line: string): string => line.split(' ')[1] ?? '';
