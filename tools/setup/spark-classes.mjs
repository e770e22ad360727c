/** An archive of the classes that Spark jobs load: a JVM that maps them from it takes half the processor time to start. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, keyOf } from './cache.mjs';
import { jarsIn } from './jars.mjs';
import { run } from './run.mjs';

const program = fileURLToPath(new URL('spark_classes.py', import.meta.url));
export const ARCHIVE = 'classes.jsa';

/** What decides the archive besides the toolchain: the set-up is done again when it changes. */
export const sources = [program];

/** @param {string} folder */
export const archiveIn = (folder) => join(folder, ARCHIVE);

/**
 * Gives the folder of the cache that holds the archive.
 * @param {object} options
 * @param {string} options.cache
 * @param {{ path: string, home: string }} options.java
 * @param {string} options.python interpreter
 * @param {string} options.sparkHome
 * @param {string} options.sparkJars folder with the archives that jobs get; its name changes with their content
 * @param {string} options.s3aJars folder with what stands before Spark on the class path, the same
 */
export function sparkClasses({ cache, java, python, sparkHome, sparkJars, s3aJars }) {
  // A JVM takes the archive only if it is of the same release and begins with the same class path.
  const release = readFileSync(join(java.home, 'release'), 'utf8');
  const key = keyOf(release, sparkHome, sparkJars, s3aJars, readFileSync(program, 'utf8'));
  return cached(cache, `spark-classes-${key}`, async (aside) => {
    const jars = jarsIn(sparkJars).map((jar) => join(sparkJars, jar));
    const data = join(aside, 'data');
    // The archive's place is given from the working folder, which may have blanks in its name.
    const javaOptions = [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-XX:ArchiveClassesAtExit=${ARCHIVE}`,
      '-Xlog:disable',
    ];
    const options = [
      ...['--master', 'local[2]', '--driver-memory', '512m', '--driver-class-path', join(s3aJars, '*')],
      ...['--conf', 'spark.ui.enabled=false', '--jars', jars.join(), '--driver-java-options', javaOptions.join(' ')],
    ];
    const environment = {
      JAVA_HOME: java.home,
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      SPARK_HOME: sparkHome,
      SPARK_LOCAL_IP: '127.0.0.1',
      // To sign requests that nobody gets.
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nothing',
    };
    const what = "archiving Spark's classes";
    await run(join(sparkHome, 'bin', 'spark-submit'), [...options, program, data], { cwd: aside, environment, what });
    rmSync(data, { recursive: true });
    return [ARCHIVE];
  });
}
