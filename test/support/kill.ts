/** Kills a process, which has to be there: no pid, taken for 0, would be the whole process group of the tests. */
export function kill(pid: number | undefined): void {
  if (!pid) throw new Error(`There is no process to kill: its pid is ${pid}.`);
  process.kill(pid, 'SIGKILL');
}
