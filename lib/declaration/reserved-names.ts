/**
 * Names that the platform needs for itself: nothing comes in, names go out. Used by the validation of declarations; a
 * test holds them against the state machine.
 */

/** Stacks of every environment, and the Python package that all jobs share. */
export const RESERVED_PIPELINE_NAMES: readonly string[] = ['network', 'streaming', 'processing', 'millrace'];

/**
 * Names of the steps of every state machine and of what it keeps. A job's step has the job's name with a capital, so
 * that a job of such a name would take a step's place. Those of several words are reserved by their first.
 */
const STEP_NAME =
  /^(begin|busy|done|drain|failed|files|lock|prepare|release|tunables|(await|cancel|describe|holder|list|none|note|read|release|start|still|stream|take)[A-Z].*)$/;

/** Whether a job of this name would take the place of a step. */
export const isStepName = (name: string): boolean => STEP_NAME.test(name);
