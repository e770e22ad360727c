/** The archives of the services' classes: a JVM that may not do without them takes them, and finds the services' own classes there. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const { java17, java21, kafkaJars, kafkaIam, kafkaClasses, registryHome, registryClasses } = readToolchain();

/** The classes that a JVM takes from an archive and that this pattern names. */
function mapped(program: string, archive: string, words: readonly string[], pattern: RegExp): number {
  const options = ['-XX:+UseSerialGC', '-Xshare:on', `-XX:SharedArchiveFile=${archive}`, '-Xlog:class+load'];
  const lines = execFileSync(program, [...options, ...words], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => pattern.test(line) && line.includes('shared objects file')).length;
}

test('the broker takes its classes from its archive', () => {
  const words = ['-cp', `${join(kafkaJars, '*')}:${kafkaIam}`, 'kafka.tools.StorageTool', 'random-uuid'];
  expect(mapped(java17, kafkaClasses, words, /kafka\.tools|org\.apache\.kafka/)).toBeGreaterThan(0);
});

test('the registry takes those of its Java from its archive, on its class path', () => {
  const words = ['-cp', join(registryHome, 'quarkus-run.jar'), '--version'];
  expect(mapped(java21, registryClasses, words, /java\.lang\.String /)).toBe(1);
});
