/**
 * Takes a service that ended or never got ready and gives the error that says why: cause, remedy and the last lines of
 * its log. Called by `services.ts`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../tools/errors.ts';
import type { ServiceDefinition } from './types.ts';

/** How much of the end of a log is looked through for a known cause. */
const searchedBytes = 64 * 1024;
const shownLines = 15;

/** Symptoms that every Java program shows in the same way. */
const commonSymptoms = [
  {
    pattern: /OutOfMemoryError|Cannot allocate memory|insufficient memory/,
    meaning: 'it ran out of memory; close other programs and start again',
  },
  {
    pattern: /UnsupportedClassVersionError/,
    meaning: 'its Java is too old; run the command again, so that the set-up is checked',
  },
  {
    pattern: /ClassNotFoundException|NoClassDefFoundError|Unable to access jarfile|Could not find or load main class/,
    meaning: 'its program files are incomplete; remove the folder build/ and run the command again',
  },
  {
    pattern: /Permission denied|AccessDeniedException/,
    meaning: 'it may not write its folder; check who owns it, or use another one with MILLRACE_HOME',
  },
];

/** The error for a service that ended by itself. */
export function serviceDied(definition: ServiceDefinition, how: string, log: string): MillraceError {
  return failure(
    'SERVICE_DIED',
    `${capitalized(definition.title)} ended while it was starting (${how})`,
    definition,
    log,
  );
}

/** The error for a service that runs but does not work within its time. */
export function serviceNotReady(definition: ServiceDefinition, lastProblem: string, log: string): MillraceError {
  const limit = Math.round(definition.readyWithinMs / 1000);
  const what = `${capitalized(definition.title)} did not work within ${limit} s (last answer: ${lastProblem})`;
  return failure('SERVICE_NOT_READY', what, definition, log);
}

function failure(code: string, what: string, definition: ServiceDefinition, log: string): MillraceError {
  const text = endOf(log);
  const known = [...definition.symptoms, ...commonSymptoms].find(({ pattern }) => pattern.test(text));
  const meaning = known?.meaning ?? 'no known cause was found in its log, whose last lines follow';
  const lines = text.trimEnd().split('\n').slice(-shownLines);
  return new MillraceError(code, `${what}: ${meaning}. The whole log: ${log}`, { details: lines });
}

function endOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, searchedBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
