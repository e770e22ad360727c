/** A page that somebody watches in a real browser while a command runs. */
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { type Command, until } from './cli.ts';

export class Watched {
  private readonly browser: Browser;
  private readonly page: Page;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
  }

  /** Opens the page whose address the command prints. */
  static async by(command: Command): Promise<Watched> {
    const address = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//;
    const [browser] = await Promise.all([openBrowser(), until(() => address.test(command.stderr()), command.stderr)]);
    const page = await browser.newPage();
    await page.goto(address.exec(command.stderr())?.[0] ?? '');
    return new Watched(browser, page);
  }

  /** Waits until rows are on their way. */
  async seesRowsMove(): Promise<void> {
    await this.page.locator('.figure.moving').first().waitFor({ timeout: 240_000 });
  }

  /** Opens a topic, and gives the value of its newest record as it is shown. */
  async newestOf(alias: string): Promise<string> {
    await this.page.click(`[id="topics.${alias}"]`);
    const value = this.page.locator('[aria-label="Newest records"] td:nth-child(2)').first();
    const text = await value.innerText({ timeout: 120_000 });
    await this.page.keyboard.press('Escape');
    return text;
  }

  /** What it shows when the command has ended: how the account looks, its figures, and the cells of the results. */
  async atTheEnd() {
    const { page } = this;
    await page.locator('text=the command has ended').waitFor();
    const rows = await page.locator('[aria-label="Rows of the results"] tbody tr').all();
    return {
      account: await page.locator('.account').getAttribute('class'),
      counted: await page.locator('.term b').allTextContents(),
      results: await Promise.all(rows.map((row) => row.locator('td').allTextContents())),
    };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
