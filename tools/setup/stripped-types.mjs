/**
 * Loaded into a program before its first line: keeps what Node makes of the sources, because it would take their types out anew at every start. Plain
 * JavaScript, so that there are no types in it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { enableCompileCache, registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readText, writeFileAtomically } from '../files.mjs';
import { buildFolder, root } from './folders.mjs';

const ours = pathToFileURL(join(root, sep)).href;

enableCompileCache(join(buildFolder, 'compiled'));

registerHooks({
  load: (url, context, next) => {
    if (context.format !== 'module-typescript' || !url.startsWith(ours)) return next(url, context);
    try {
      return { format: 'module', source: stripped(fileURLToPath(url)), shortCircuit: true };
    } catch {
      // Node says in its own words what is wrong with a file.
      return next(url, context);
    }
  },
});

/** @param {string} file */
function stripped(file) {
  const source = readFileSync(file, 'utf8');
  const key = createHash('sha256').update(process.version).update(source).digest('hex');
  const kept = join(buildFolder, 'stripped', relative(root, file));
  const known = readText(kept);
  if (known?.startsWith(key)) return known.slice(key.length);
  const code = stripTypeScriptTypes(source);
  writeFileAtomically(kept, key + code);
  return code;
}
