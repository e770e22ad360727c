/**
 * The worker thread of a function: loads the handler from its folder, lets it find no module outside of it,
 * and posts what came of each call. Plain JavaScript, because it is loaded anew for most events and stripping types would take
 * longer than all the rest.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {(message: import('./invoke.ts').WorkerMessage) => void} */
const post = (message) => parentPort?.postMessage(message);

/** @param {unknown} error */
function postError(error) {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
  console.error(error);
  post({ kind: 'error', errorType: name, errorMessage: message });
}

/**
 * Node reads NODE_EXTRA_CA_CERTS when a process starts, and a worker is none. What everybody trusts is left out: reading it takes longer than most calls, and
 * most handlers here call nothing but this machine.
 *
 * @param {string | undefined} file
 * @param {boolean} reachesOutside
 */
function trust(file, reachesOutside) {
  if (!file || !existsSync(file)) return;
  setDefaultCACertificates([...(reachesOutside ? getCACertificates('default') : []), readFileSync(file, 'utf8')]);
}

/**
 * A module that is missing in the bundle is missing here, though a folder above may have it.
 *
 * @param {string} folder
 */
function refuseModulesOutside(folder) {
  const inside = `${pathToFileURL(folder).href}/`;
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (resolved.url.startsWith('file:') && !resolved.url.startsWith(inside)) {
        const error = new Error(`Cannot find module '${specifier}': it is not part of the bundle`);
        throw Object.assign(error, { code: 'MODULE_NOT_FOUND' });
      }
      return resolved;
    },
  });
}

/**
 * @param {string} folder
 * @param {string} name `file.export`
 * @returns {Promise<(event: unknown, context: unknown) => unknown>}
 */
async function loadHandler(folder, name) {
  const dot = name.lastIndexOf('.');
  const [file, exported] = [name.slice(0, dot), name.slice(dot + 1)];
  const paths = ['.js', '.mjs', '.cjs'].map((extension) => join(folder, `${file}${extension}`));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) throw failure('Runtime.ImportModuleError', `Cannot find module '${file}'`);
  let loaded;
  try {
    loaded = path.endsWith('.mjs') ? await import(pathToFileURL(path).href) : createRequire(path)(path);
  } catch (error) {
    console.error(error);
    throw failure('Runtime.ImportModuleError', error instanceof Error ? error.message : String(error));
  }
  const handler = loaded[exported];
  if (typeof handler !== 'function') throw failure('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  return handler;
}

/** @type {(name: string, message: string) => Error} */
const failure = (name, message) => Object.assign(new Error(message), { name });

/** @param {import('./invoke.ts').WorkerData} data */
async function load(data) {
  trust(process.env.NODE_EXTRA_CA_CERTS, data.reachesOutside);
  const folder = realpathSync(data.folder);
  refuseModulesOutside(folder);
  const handler = await loadHandler(folder, data.handler);
  post({ kind: 'loaded' });
  return handler;
}

/**
 * @param {(event: unknown, context: unknown) => unknown} handler
 * @param {import('./invoke.ts').WorkerCall} call
 */
async function answer(handler, { event, timeoutMs, awsRequestId }) {
  const deadline = performance.now() + timeoutMs;
  const getRemainingTimeInMillis = () => Math.max(0, deadline - performance.now());
  const result = await handler(event, { ...workerData.context, awsRequestId, getRemainingTimeInMillis });
  post({ kind: 'result', json: JSON.stringify(result) });
}

process.on('uncaughtException', postError);
process.on('unhandledRejection', postError);
const loading = load(workerData);
loading.catch(() => undefined);
parentPort?.on('message', (call) => {
  // A handler that waits for nothing that could come ends its process, as one that is called once does.
  parentPort?.unref();
  loading
    .then((handler) => answer(handler, call))
    .catch(postError)
    .finally(() => parentPort?.ref());
});
