/** What is looked at before and after a start: memory, the data of both services, the reason of an end. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Home, millraceHome } from '../../../local/home.ts';
import { fullAmong, serviceDied, serviceNotReady } from '../../../local/services/diagnosis.ts';
import { kafka } from '../../../local/services/kafka.ts';
import { availableMemory, requireMemory } from '../../../local/services/memory.ts';
import { agreeOnData, readServiceFile, serviceFiles, writeServiceFile } from '../../../local/services/service-files.ts';
import { MillraceError } from '../../../tools/errors.mjs';

let home: Home;
const names = ['kafka', 'registry'] as const;

beforeEach(() => {
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-checks-')));
});
afterEach(() => rmSync(home.root, { recursive: true, force: true }));

describe('memory', () => {
  test('some is available', () => {
    expect(availableMemory()).toBeGreaterThan(100 * 1024 * 1024);
  });

  test('too little is refused with both numbers', () => {
    expect(() => requireMemory(2 ** 30, 'Starting the broker', 2 ** 30)).not.toThrow();
    expect(() => requireMemory(2 ** 30, 'Starting the broker', 2 ** 29)).toThrow(
      'Starting the broker needs 1,024 MiB of free memory; 512 MiB are available.',
    );
  });
});

describe('data of both services', () => {
  const put = (name: 'kafka' | 'registry', file: string) =>
    writeFileSync(join(serviceFiles(home, name).data, file), '');

  test('gets one id, which stays', () => {
    const id = agreeOnData(home, names);
    put('kafka', 'broker');
    put('registry', 'registry.mv.db');
    expect(agreeOnData(home, names)).toBe(id);
  });

  test('gets a new id when all of it is gone', () => {
    const id = agreeOnData(home, names);
    for (const name of names) rmSync(serviceFiles(home, name).folder, { recursive: true });
    expect(agreeOnData(home, names)).not.toBe(id);
  });

  test('is refused when that of one is lost, because ids would come to mean other schemas', () => {
    agreeOnData(home, names);
    put('kafka', 'broker');
    rmSync(serviceFiles(home, 'registry').folder, { recursive: true });
    expect(() => agreeOnData(home, names)).toThrow(expect.objectContaining({ code: 'DATA_APART' }));
    expect(() => agreeOnData(home, names)).toThrow('millrace down --purge');
  });

  test('is refused when that of one comes from elsewhere', () => {
    agreeOnData(home, names);
    put('kafka', 'broker');
    writeFileSync(serviceFiles(home, 'registry').dataId, 'another');
    expect(() => agreeOnData(home, names)).toThrow(expect.objectContaining({ code: 'DATA_APART' }));
  });

  test('of which nothing was written yet does not count', () => {
    mkdirSync(serviceFiles(home, 'kafka').data, { recursive: true });
    writeFileSync(serviceFiles(home, 'kafka').dataId, 'interrupted');
    expect(() => agreeOnData(home, names)).not.toThrow();
  });
});

test('a disk without room is found among folders', () => {
  expect(fullAmong([home.root, home.services])).toBeUndefined();
  // The system's own folders have no room for anything.
  if (existsSync('/proc/self')) expect(fullAmong([home.root, '/proc', home.services])).toBe('/proc');
});

describe('service files', () => {
  test('come back as they were written', () => {
    expect(readServiceFile(home, 'kafka')).toEqual({});
    const record = { ports: { broker: 9092 }, process: { pid: 1, startTime: 'x', startedAt: 'y' } };
    writeServiceFile(home, 'kafka', record);
    expect(readServiceFile(home, 'kafka')).toEqual(record);
  });

  test('that cannot be read are an error and not "stopped": the process may run', () => {
    writeServiceFile(home, 'kafka', {});
    writeFileSync(serviceFiles(home, 'kafka').file, '{"ports"');
    expect(() => readServiceFile(home, 'kafka')).toThrow(expect.objectContaining({ code: 'DAMAGED_FILE' }));
  });
});

describe('the reason why a service ended', () => {
  const diagnose = (text: string): MillraceError => {
    const log = join(home.root, 'log.txt');
    writeFileSync(log, text);
    return serviceDied(kafka, 'exit code 1', log);
  };

  test.each([
    ['java.net.BindException: Address already in use', 'another program took its port', 'PORT_LOST'],
    ['java.io.IOException: No space left on device', 'the disk of its folder is full'],
    ['KafkaException: Failed to acquire lock on file .lock in /x', 'another broker uses its data'],
    ['java.lang.OutOfMemoryError: Java heap space', 'it ran out of memory'],
    ['No readable meta.properties files found.', 'its data folder is damaged'],
    ['Error: Could not find or load main class kafka.Kafka', 'its program files are incomplete'],
    ['AccessDeniedException: /x', 'it may not write its folder'],
    ['something else', 'no known cause was found'],
  ])('%s', (line, meaning, code = 'SERVICE_DIED') => {
    const error = diagnose(`first line\n\tat java.base/java.lang.Thread.run(Thread.java:840)\n${line}\n`);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(`The Kafka broker ended while it was starting (exit code 1): ${meaning}`);
    expect(error.details).toEqual(['first line', line]);
  });

  test('shows the last lines of a long log, and copes with none', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index} ${'x'.repeat(40)}`);
    const { details } = diagnose(`${lines.join('\n')}\n`);
    expect(details).toHaveLength(15);
    expect(details.at(-1)).toMatch(/^line 9999 /);
    expect(serviceNotReady(kafka, 'refused', join(home.root, 'none')).message).toContain('last answer: refused');
  });
});
