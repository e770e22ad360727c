/**
 * Names that the platform needs for itself: nothing comes in, names go out. Used by the validation of declarations; a
 * test holds them against the state machine.
 */

/** Stacks of every environment, and the Python package that all jobs share. */
export const RESERVED_PIPELINE_NAMES: readonly string[] = ['network', 'streaming', 'processing', 'millrace'];

/** Words of an execution's input that are no tunables, each with what the input does by it. */
export const INPUT_WORDS: Readonly<Record<string, string>> = {
  files: 'replaces files',
  action: 'says what to do with the stream',
  job: 'names a job to run alone',
};

/**
 * Names of the steps of every state machine and of what it keeps. A job's step has the job's name with a capital, so
 * that a job of such a name would take a step's place. Those of several words are reserved by their first.
 */
const STEP_NAME =
  /^(action|begin|busy|done|drain(ed)?|failed|files|job|lock|prepare|release|started|tunables|work|(await|cancel|describe|end|holder|list(ed)?|note|other|read|release|start|still|stream|take)[A-Z].*|.*Alone)$/;

/** Whether a job of this name would take the place of a step. */
export const isStepName = (name: string): boolean => STEP_NAME.test(name);
