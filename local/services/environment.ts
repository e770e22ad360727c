/**
 * Gives the environment variables that a service is started with. Called where the services' programs are run.
 */

/**
 * Only what a program needs to run on this machine: a variable that happens to be set in somebody's shell
 * (`JAVA_TOOL_OPTIONS`, `QUARKUS_...`, `APICURIO_...`) must not change what a service does.
 */
export function serviceEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'USER', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
