/** What is measured beside this project: Kafka Streams and Flink, loaded when they are asked for first, and compiled from `bench/peers`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLock } from '../../../../tools/lock.mjs';
import { archiveOf, compiled } from '../../../../tools/setup/compile.mjs';
import { cacheFolder, root } from '../../../../tools/setup/folders.mjs';
import { artifactFolder, parseLock } from '../../../../tools/setup/jars.mjs';
import { bootstrap } from '../../../../tools/setup/python.mjs';
import { findPython } from '../../../../tools/setup/requirements.mjs';
import { readToolchain } from '../../../../tools/setup/toolchain.mjs';

const sources = fileURLToPath(new URL('peers', import.meta.url));

/** The class path of the peers. */
export async function peerClassPath(): Promise<string> {
  const cache = cacheFolder();
  const artifacts = parseLock(readFileSync(join(root, 'jgo.lock.toml'), 'utf8'));
  const onWait = (pid: number) => process.stderr.write(`waiting for another set-up (pid ${pid})\n`);
  const release = await acquireLock(join(cache, 'set-up.lock'), { onWait });
  try {
    const python = async () => (await bootstrap(findPython(), cache)).python;
    const loaded = (name: string) => artifactFolder({ cache, python, artifacts, name });
    const { folder: jars } = await loaded('bench-jars');
    const { folder: compiler } = await loaded('compiler');
    const java = readToolchain().java17;
    const packing = { python: await python() };
    const { folder } = await compiled({
      cache,
      name: 'bench-peers',
      sources,
      classPath: [jars],
      compiler,
      java,
      ...packing,
    });
    return [archiveOf(folder), join(jars, '*')].join(':');
  } finally {
    release();
  }
}
