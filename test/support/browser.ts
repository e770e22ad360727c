/** A real browser: the Chromium that an npm package brings, with the system libraries and letters that it needs, so that a bare machine has all. */
import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { withLock } from '../../tools/lock.mjs';
import { cached, keyOf } from '../../tools/setup/cache.mjs';
import { buildFolder } from '../../tools/setup/folders.mjs';

const folderOfPackage = dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')));
const { version } = createRequire(import.meta.url)(join(folderOfPackage, 'package.json')) as {
  readonly version: string;
};

/** Starts it. A machine on which it does not start fails its tests. */
export async function openBrowser(): Promise<Browser> {
  // Test files run beside each other.
  const { folder } = await withLock(join(buildFolder, 'chromium.lock'), {}, () =>
    cached(join(buildFolder, 'chromium'), keyOf(version), unpack),
  );
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--disable-gpu', '--font-render-hinting=none'],
    // Who runs as root has no sandbox.
    chromiumSandbox: false,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
      XDG_CACHE_HOME: folder,
    } as Record<string, string>,
  });
}

/** The package unpacks into the temporary folder, wherever that is. */
async function unpack(aside: string): Promise<string[]> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = aside;
  try {
    await Promise.all(
      ['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map((name) => inflate(join(folderOfPackage, 'bin', name))),
    );
  } finally {
    process.env.TMPDIR = before;
    if (before === undefined) delete process.env.TMPDIR;
  }
  const letters = '<dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>';
  writeFileSync(join(aside, 'fonts', 'fonts.conf'), `<?xml version="1.0"?><fontconfig>${letters}</fontconfig>\n`);
  return ['chromium', ...readdirSync(join(aside, 'al2023', 'lib')).map((name) => join('al2023', 'lib', name))];
}
