/**
 * Checks declarations: pipelines come in, a list of every mistake goes out, each with where it is, the value got and
 * the values allowed. Called by `loadPipelines`; what is checked is in the files `check-*.ts` and in `shape.ts`.
 */
import { checkAccounts } from './check-accounts.ts';
import { checkFiles } from './check-files.ts';
import { checkFlow } from './check-flow.ts';
import { checkJobs } from './check-jobs.ts';
import { checkNames } from './check-names.ts';
import { checkOrder } from './check-order.ts';
import { checkArtifactsTogether, checkTopics, checkTopicsTogether } from './check-topics.ts';
import { type Mistake, noteUnder } from './mistakes.ts';
import type { Pipeline } from './model.ts';
import { checkShape } from './shape.ts';

/** Every mistake of these pipelines, those between two of them included. */
export function mistakesOf(pipelines: readonly Pipeline[]): Mistake[] {
  const mistakes: Mistake[] = [];
  // A part of another kind than declared, such as a text for a list, cannot be looked into: its shape is all to say.
  const readable = pipelines.filter((pipeline) => checkShape(pipeline, noteUnder(nameOf(pipeline), mistakes)));
  for (const pipeline of readable) {
    const note = noteUnder(pipeline.name, mistakes);
    checkNames(pipeline, note);
    checkTopics(pipeline, note);
    checkFiles(pipeline, note);
    checkJobs(pipeline, note);
    checkFlow(pipeline, note);
    checkOrder(pipeline, note);
    checkAccounts(pipeline, note);
  }
  checkTopicsTogether(readable, mistakes);
  checkArtifactsTogether(readable, mistakes);
  return mistakes;
}

const nameOf = ({ name }: { readonly name: unknown }): string => (typeof name === 'string' ? name : 'a pipeline');
