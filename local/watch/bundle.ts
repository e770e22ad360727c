/** The page, made by esbuild from the sources beside this file when they are first needed or have changed; kept in `build`. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, readText, writeFileAtomically } from '../../tools/files.mjs';
import { withLock } from '../../tools/lock.mjs';
import { cached, keyOf } from '../../tools/setup/cache.mjs';
import { buildFolder, root } from '../../tools/setup/folders.mjs';

const sources = fileURLToPath(new URL('page', import.meta.url));
const [scriptName, styleName] = ['page.js', 'style.css'];

/** The files of a page by their names; the one without a name is its document. */
export type Page = Readonly<Record<string, { readonly type: string; readonly text: string }>>;

/** Script and style of the page. */
async function parts(): Promise<{ script: string; style: string }> {
  const files = [...filesBelow(sources), join(root, 'package-lock.json'), fileURLToPath(import.meta.url)];
  const key = keyOf(...files.map((file) => readText(file) ?? ''));
  const { folder } = await withLock(join(buildFolder, 'page.lock'), {}, () =>
    cached(join(buildFolder, 'page'), key, made),
  );
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { script: read(scriptName), style: read(styleName) };
}

/** Makes both in a folder, and gives their names. */
async function made(folder: string): Promise<string[]> {
  // It takes a while to load and is not needed again until the sources change.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: { page: join(sources, 'main.tsx'), style: join(sources, 'style.css') },
    outdir: folder,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'silent',
  });
  for (const { path, text } of outputFiles) writeFileAtomically(path, text);
  return [scriptName, styleName];
}

const head = (title: string, more: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
${more}
</head>
<body><div id="page"></div>
`;

/** The page that follows what happens. */
export async function livePage(title: string): Promise<Page> {
  const { script, style } = await parts();
  const links = `<link rel="stylesheet" href="${styleName}">\n<script type="module" src="${scriptName}"></script>`;
  return {
    '': { type: 'text/html; charset=utf-8', text: `${head(title, links)}</body>\n</html>\n` },
    [scriptName]: { type: 'text/javascript; charset=utf-8', text: script },
    [styleName]: { type: 'text/css; charset=utf-8', text: style },
  };
}

/** The page as one file that shows what is told here and loads nothing. */
export async function onePage(title: string, told: object): Promise<string> {
  const { script, style } = await parts();
  // Neither may end its element before its end.
  const [ofScript, ofStyle] = [script.replaceAll('</script', '<\\/script'), style.replaceAll('</style', '<\\/style')];
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; script-src ${hash(ofScript)}; style-src ${hash(ofStyle)}; base-uri 'none'; form-action 'none'`;
  const meta = `<meta http-equiv="content-security-policy" content="${policy}">`;
  const data = JSON.stringify(told).replaceAll('<', '\\u003c');
  return `${head(title, `${meta}\n<style>${ofStyle}</style>`)}<script type="application/json" id="told">${data}</script>
<script type="module">${ofScript}</script>
</body>
</html>
`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
