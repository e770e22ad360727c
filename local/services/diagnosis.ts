/** Why a service ended or never got ready: cause, remedy and the last lines of its log. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../tools/errors.mjs';
import type { ServiceDefinition } from './types.ts';

/** How much of the end of a log is looked through for a known cause. */
const searchedBytes = 64 * 1024;
const shownLines = 15;

/** Symptoms that every Java program shows in the same way. */
const commonSymptoms: ServiceDefinition['symptoms'] = [
  [
    /Address already in use|Socket server failed to bind|Port \d+ seems to be in use|BindException/,
    'another program took its port meanwhile; start again, and the next free port is taken',
  ],
  [
    /No space left on device/,
    'the disk is full; free some space, or remove the local data with "millrace down --purge"',
  ],
  [
    /OutOfMemoryError|Cannot allocate memory|insufficient memory/,
    'it ran out of memory; close other programs and start again',
  ],
  [/UnsupportedClassVersionError/, 'its Java is too old; run the command again, so that the set-up is checked'],
  [
    /ClassNotFoundException|NoClassDefFoundError|Unable to access jarfile|Could not find or load main class/,
    'its program files are incomplete; remove the folder build/ and run the command again',
  ],
  [
    /Permission denied|AccessDeniedException/,
    'it may not write its folder; check who owns it, or use another one with MILLRACE_HOME',
  ],
];

const unknown = [undefined, 'no known cause was found in its log, whose last lines follow'] as const;

export function serviceDied(definition: ServiceDefinition, how: string, log: string): MillraceError {
  return failure('SERVICE_DIED', `ended while it was starting (${how})`, definition, log);
}

export function serviceNotReady(definition: ServiceDefinition, lastAnswer: string, log: string): MillraceError {
  const limit = Math.round(definition.readyWithinMs / 1000);
  return failure('SERVICE_NOT_READY', `did not work within ${limit} s (last answer: ${lastAnswer})`, definition, log);
}

function failure(code: string, what: string, { title, symptoms }: ServiceDefinition, log: string): MillraceError {
  const text = endOf(log);
  const [, meaning] = [...symptoms, ...commonSymptoms].find(([pattern]) => pattern.test(text)) ?? unknown;
  const details = text.trimEnd().split('\n').slice(-shownLines);
  const subject = title.charAt(0).toUpperCase() + title.slice(1);
  return new MillraceError(code, `${subject} ${what}: ${meaning}. The whole log: ${log}`, { details });
}

function endOf(path: string): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, searchedBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
