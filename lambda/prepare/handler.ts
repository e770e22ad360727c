/** Lambda of the first task of a state machine; the work is in `core.ts`. */
import { type Prepared, type PrepareEvent, prepare } from './core.ts';

export const handler = async (event: PrepareEvent): Promise<Prepared> => prepare(event);
