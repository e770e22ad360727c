/**
 * Names that the platform needs for itself: nothing comes in, lists of names go out. Used by the validation of
 * declarations; a test holds the list of steps against the state machine.
 */

/** Stacks of every environment, and the Python package that all jobs share. */
export const RESERVED_PIPELINE_NAMES: readonly string[] = ['network', 'streaming', 'processing', 'millrace'];

/**
 * Words of one part that the state machine names states or results by. A job's state has the job's name with a capital,
 * so that a job of one of these names would take a state's place.
 */
export const RESERVED_JOB_NAMES: readonly string[] = [
  'begin',
  'busy',
  'done',
  'drain',
  'failed',
  'files',
  'lock',
  'prepare',
  'release',
  'tunables',
];
