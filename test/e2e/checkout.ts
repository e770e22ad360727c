/** A copy of the checkout, whose files a test changes. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { projectRoot } from '../../local/home.ts';

const left = new Set(['node_modules', '.git', '.millrace', 'cdk.out', 'build', 'docs', 'test', 'bench']);

export class Checkout {
  readonly root = mkdtempSync(join(tmpdir(), 'millrace-checkout-'));

  constructor() {
    cpSync(projectRoot, this.root, { recursive: true, filter: (path) => !left.has(relative(projectRoot, path)) });
    symlinkSync(join(projectRoot, 'node_modules'), join(this.root, 'node_modules'));
    cpSync(join(projectRoot, 'build'), join(this.root, 'build'), { recursive: true });
  }

  /** Changes a file. */
  edit(file: string, from: string | RegExp, to: string): void {
    const before = readFileSync(join(this.root, file), 'utf8');
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} does not hold ${from}.`);
    writeFileSync(join(this.root, file), after);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
