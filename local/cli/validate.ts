/**
 * `millrace validate`: checks every declaration without starting anything. Imports nothing but the declarations, because it is waited for while
 * one writes.
 */
import { type Context, pipelines } from './context.ts';

/** Loads every declaration; all mistakes are reported at once. */
export async function validate(context: Context): Promise<number> {
  for (const { name, topics, jobs } of await pipelines()) {
    context.print(`${name}: ${counted(topics, 'topic')}, ${counted(jobs, 'job')}, no mistakes`);
  }
  return 0;
}

function counted(things: object, what: string): string {
  const count = Object.keys(things).length;
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
