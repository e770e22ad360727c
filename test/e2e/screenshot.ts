/** Makes the picture of the page that the README shows, from a report: `npm run screenshot -- REPORT.html [PICTURE.png]`. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../tools/setup/folders.mjs';
import { openBrowser } from '../support/browser.ts';

const [report = '', picture = join(root, 'docs', 'images', 'watch.png')] = process.argv.slice(2);
const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1080 } });
  await page.goto(pathToFileURL(resolve(report)).href);
  await page.waitForSelector('.node');
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
}
