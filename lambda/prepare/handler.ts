/**
 * Lambda of the state machine's first task: the event that the state machine builds comes in, every job's arguments
 * go out. The work is in `core.ts`.
 */
import { type Prepared, type PrepareEvent, prepare } from './core.ts';

export const handler = async (event: PrepareEvent): Promise<Prepared> => prepare(event);
