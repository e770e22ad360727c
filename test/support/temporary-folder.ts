/** Gives each test file a temporary folder of its own, also to the programs that it starts; it goes with all that was left in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const before = process.env.TMPDIR;
const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
process.env.TMPDIR = folder;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});
