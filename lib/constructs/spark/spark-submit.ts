/**
 * The parameters of `spark-submit`: a job's size and the addresses of its packages and jars come in, one line goes out.
 * Called by the job construct; the local run gets the same line and maps the sizes to the machine.
 */
import type { JobSize } from '../../declaration/model.ts';

/**
 * Limits of Avro's decoder: a record whose length prefix claims gigabytes would make it allocate them. No field of a
 * record here comes near a mebibyte.
 */
const AVRO_LIMITS = ['string.maxLength', 'bytes.maxLength', 'collectionItems.maxLength']
  .map((limit) => `-Dorg.apache.avro.limits.${limit}=1048576`)
  .join(' ');

/** The line of parameters. */
export function sparkSubmitParameters(size: JobSize, packages: string, jars: readonly string[]): string {
  const settings = {
    'spark.driver.cores': size.driver.cores,
    'spark.driver.memory': `${size.driver.memory}g`,
    'spark.executor.cores': size.executor.cores,
    'spark.executor.memory': `${size.executor.memory}g`,
    'spark.executor.instances': size.executors,
    // Spark's defaults would let one job take the whole account quota of 16 vCPU.
    'spark.dynamicAllocation.enabled': false,
    'spark.dynamicAllocation.maxExecutors': size.executors,
    'spark.driver.extraJavaOptions': AVRO_LIMITS,
    'spark.executor.extraJavaOptions': AVRO_LIMITS,
  };
  const quote = (text: string): string => (text.includes(' ') ? `"${text}"` : text);
  return [
    `--py-files ${packages}`,
    `--jars ${jars.join(',')}`,
    ...Object.entries(settings).map(([name, value]) => `--conf ${quote(`${name}=${value}`)}`),
  ].join(' ');
}
