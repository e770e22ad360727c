/** Sentences of the declaration tests: a change to the tiny pipeline comes in, a test of it goes out. Used by those tests. */
import { expect, test } from 'vitest';
import { refusalOf, type TinyPipeline, tinyPipeline } from './tiny-pipeline.ts';

/** A test that this change is refused with exactly these lines. */
export const refuses = (what: string, change: (pipeline: TinyPipeline) => void, ...lines: string[]) =>
  test(`refuses ${what}`, () => expect(refusalOf(tinyPipeline(change))).toEqual(lines));

/** A test that this change is accepted. */
export const accepts = (what: string, change: (pipeline: TinyPipeline) => void) =>
  test(`accepts ${what}`, () => expect(refusalOf(tinyPipeline(change))).toEqual([]));
