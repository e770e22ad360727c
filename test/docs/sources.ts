/** The sources of the product, which lists in the docs are held to. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from '../../tools/files.mjs';
import { root } from '../../tools/setup/folders.mjs';

const folders = ['bin', 'config', 'lib', 'lambda', 'local', 'tools', 'jobs/pyspark'];

export const sources = folders
  .flatMap((folder) => filesBelow(join(root, folder), ['tests', '__pycache__']))
  .filter((file) => /\.(ts|mjs|py|java|scala)$/.test(file) && !file.endsWith('conftest.py'))
  .map((file) => ({ name: relative(root, file), text: readFileSync(file, 'utf8') }));
