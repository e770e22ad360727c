/** Java sources become classes once for each version of them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveOf, compiled } from '../../../tools/setup/compile.mjs';
import { cacheFolder, root } from '../../../tools/setup/folders.mjs';
import { folderNameOf, parseLock } from '../../../tools/setup/jars.mjs';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { temporaryFolder } from './temporary.ts';

test('another source is compiled anew, the same one is not, and a mistake is told and leaves nothing', async () => {
  const { java17: java, kafkaJars, python } = readToolchain();
  const artifacts = parseLock(readFileSync(join(root, 'jgo.lock.toml'), 'utf8'));
  const compiler = join(cacheFolder(), folderNameOf(artifacts, 'compiler'));
  const [cache, sources] = [temporaryFolder(), temporaryFolder()];
  const write = (text: string) => writeFileSync(join(sources, 'Word.java'), `package words; class Word { ${text} }`);
  const compile = () => compiled({ cache, name: 'words', sources, classPath: [kafkaJars], compiler, java, python });

  write('org.apache.kafka.common.Endpoint endpoint;');
  const first = await compile();
  expect(first.made).toBe(true);
  expect(readFileSync(archiveOf(first.folder), 'latin1')).toContain('words/Word.class');
  expect(await compile()).toEqual({ ...first, made: false });

  write('int wrong = "text";');
  await expect(compile()).rejects.toThrow(/Word\.java.*[\s\S]*cannot convert from String to int/);
  expect(readdirSync(cache)).toEqual([first.folder.split('/').at(-1)]);
});
