/** Makes the picture of the page that the README shows, from a report: `npm run screenshot -- REPORT.html`. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../tools/setup/folders.mjs';
import { openBrowser } from '../support/browser.ts';

const [report = ''] = process.argv.slice(2);
const folder = join(root, 'docs', 'images');
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 1080 } });
await page.goto(pathToFileURL(resolve(report)).href);
await page.waitForSelector('.node');
await page.screenshot({ path: join(folder, 'watch.png') });
await browser.close();
