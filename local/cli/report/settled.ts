/** What was counted of an execution, kept in its folder for those who look later. */
import { join } from 'node:path';
import { readJson, writeJson } from '../../../tools/files.mjs';
import type { Settled } from './accounts.ts';

const fileIn = (folder: string): string => join(folder, 'accounts.json');

/** @param folder of the execution */
export const keepSettled = (folder: string, settled: readonly Settled[]): void => writeJson(fileIn(folder), settled);

/** Undefined where nobody has counted, or not yet. */
export const settledIn = (folder: string): Settled[] | undefined => readJson(fileIn(folder), 'Delete it.');
