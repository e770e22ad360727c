/**
 * Signals a process, or the group that it leads. It has to be there: no pid, taken for 0, would be the whole process group of the tests.
 */
export function kill(
  pid: number | undefined,
  { signal = 'SIGKILL', group = false }: { readonly signal?: NodeJS.Signals; readonly group?: boolean } = {},
): void {
  if (!pid) throw new Error(`There is no process to kill: its pid is ${pid}.`);
  process.kill(group ? -pid : pid, signal);
}
