/** Why a service ended, never got ready, or cannot begin: cause, remedy and the last lines of its log. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import { readEnd } from '../../tools/files.mjs';
import { READY_WITHIN_MS, type ServiceDefinition } from './types.ts';

/** How much of the end of a log is looked through for a known cause. */
const searchedBytes = 64 * 1024;
const shownLines = 15;
/** Code of the error of a service whose port somebody else took between the choice and the start. */
export const PORT_LOST = 'PORT_LOST';
/** What is given free by a write that failed is no room. */
const leastRoomBytes = 1024 * 1024;

const portTaken = 'another program took its port meanwhile; start again, and the next free port is taken';
const fullDisk = 'the disk of its folder is full; free some space, then run "millrace up"';

/** Symptoms that every Java program shows in the same way. */
const commonSymptoms: ServiceDefinition['symptoms'] = [
  [
    /Address already in use|Socket server failed to bind|Port \d+ seems to be in use|BindException|EADDRINUSE/,
    portTaken,
  ],
  [/No space left on device/, fullDisk],
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
  const limit = Math.round((definition.readyWithinMs ?? READY_WITHIN_MS) / 1000);
  return failure('SERVICE_NOT_READY', `did not work within ${limit} s (last answer: ${lastAnswer})`, definition, log);
}

/** A service that was started before, and whose process is gone. */
export function serviceGone(definition: ServiceDefinition, log: string): MillraceError {
  return failure('SERVICE_DIED', 'ended while a pipeline ran', definition, log);
}

/** A secret that nobody has laid into its file. @param wants who needs which, for people */
export function secretMissing(wants: string, file: string): MillraceError {
  const where = `which AWS keeps in Secrets Manager and this machine in the file ${file}, where nothing is`;
  return new MillraceError(
    'SECRET_MISSING',
    `${wants}, ${where}. Write it there for you alone, such as with: (umask 077; cat > ${file})`,
  );
}

function failure(code: string, what: string, { title, symptoms }: ServiceDefinition, log: string): MillraceError {
  const text = readEnd(log, searchedBytes);
  const [, told] = [...symptoms, ...commonSymptoms].find(([pattern]) => pattern.test(text)) ?? unknown;
  // Who cannot write cannot say so either.
  const meaning = isFull(dirname(log)) ? fullDisk : told;
  const lines = text.trimEnd().split('\n');
  // Where in its own code a program was tells nobody here anything.
  const details = lines.filter((line) => !/^\s+at /.test(line)).slice(-shownLines);
  const subject = title.charAt(0).toUpperCase() + title.slice(1);
  return new MillraceError(
    meaning === portTaken ? PORT_LOST : code,
    `${subject} ${what}: ${meaning}. The whole log: ${log}`,
    { details },
  );
}

/** The first of these folders whose disk has no room. */
export const fullAmong = (folders: readonly string[]): string | undefined => folders.find(isFull);

function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : '/');
  return bavail * bsize < leastRoomBytes;
}
