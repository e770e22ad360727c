/** A JVM of Spark takes the archive of its classes: one that must have an archive starts with it, and only on the class path that it was made for. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const { sparkHome, sparkClasses, s3aJars, java17Home } = readToolchain();

/** Starts Spark in a JVM that ends at once when it cannot map its classes. */
async function startWith(classPath: string): Promise<boolean> {
  const javaOptions = `-XX:+UseSerialGC -Xshare:on -Xlog:disable -XX:SharedArchiveFile=${sparkClasses}`;
  const options = ['--driver-class-path', classPath, '--driver-java-options', javaOptions, '--version'];
  const env = { ...process.env, JAVA_HOME: java17Home };
  return promisify(execFile)(join(sparkHome, 'bin', 'spark-submit'), options, { env }).then(
    () => true,
    () => false,
  );
}

test('the archive of Spark’s classes is mapped on the class path of a job, and on no other', async () => {
  expect(await Promise.all([startWith(join(s3aJars, '*')), startWith('/nowhere/*')])).toEqual([true, false]);
});
