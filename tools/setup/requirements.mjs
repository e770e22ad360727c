/**
 * Finds what must be on the machine already, besides Java: Node and Python. Gives what was found, or throws one error that names the command
 * to install what is missing. Called by `toolchain.mjs` and, for Node, by `millrace.mjs` before anything else.
 */
import { SetupError } from './errors.mjs';
import { ask } from './run.mjs';

export const NODE_FLOOR = 20;
export const PYTHON_FLOOR = [3, 11];
/** Newer ones are tried only when there is none of these, because the pinned packages may have no build for them yet. */
const PYTHON_TRIED = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];
const PYTHON_KNOWN_MINOR = 14;

/**
 * How to install something, for the operating system at hand.
 * @param {string} debian
 * @param {string} homebrew
 * @param {NodeJS.Platform} [platform]
 * @returns {string}
 */
export function installHint(debian, homebrew, platform = process.platform) {
  if (platform === 'darwin') return `Install it with: brew install ${homebrew}`;
  return `Install it with: sudo apt-get install ${debian}   (Debian, Ubuntu; on macOS: brew install ${homebrew})`;
}

/**
 * Refuses a Node that is too old.
 * @param {string} [version] as in process.versions.node
 */
export function checkNode(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= NODE_FLOOR) return;
  throw new SetupError(
    'SETUP_NODE_TOO_OLD',
    `Node ${NODE_FLOOR} or newer is needed, this is ${version}. ${installHint('nodejs npm', 'node@22')}\nWhere that one is older too, get it from nodejs.org or a version manager.`,
  );
}

/**
 * @typedef {object} Python
 * @property {string} path the interpreter that environments are made from
 * @property {string} version such as 3.11.7
 */

/**
 * Finds a Python that is new enough and can make environments.
 * @param {string[]} [candidates] names or paths, in order of preference
 * @returns {Python}
 */
export function findPython(candidates = PYTHON_TRIED) {
  /** @type {string[]} */
  const seen = [];
  /** @type {Python | undefined} */
  let newer;
  let withoutVenv = '';
  for (const name of candidates) {
    const question =
      'import sys, importlib.util as u; print(sys.executable, "%d.%d.%d" % sys.version_info[:3], bool(u.find_spec("venv") and u.find_spec("ensurepip")), sep="\\n")';
    const [path, version, venv] = (ask(name, ['-c', question]) ?? '').split('\n');
    if (!path || !version) continue;
    seen.push(`${name} is ${version}`);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major !== PYTHON_FLOOR[0] || minor < (PYTHON_FLOOR[1] ?? 0)) continue;
    if (venv !== 'True') {
      withoutVenv ||= `${major}.${minor}`;
      continue;
    }
    if (minor <= PYTHON_KNOWN_MINOR) return { path, version };
    newer ??= { path, version };
  }
  if (newer) return newer;
  if (withoutVenv) {
    const hint = installHint(`python3-venv python${withoutVenv}-venv`, `python@${withoutVenv}`);
    throw new SetupError(
      'SETUP_PYTHON_VENV_MISSING',
      `Python ${withoutVenv} is here, but without its venv module. ${hint}`,
    );
  }
  const hint = installHint('python3 python3-venv', 'python@3.12');
  throw new SetupError(
    'SETUP_PYTHON_MISSING',
    `Python ${PYTHON_FLOOR.join('.')} or newer is needed (${seen.join(', ') || 'none was found on the PATH'}). ${hint}`,
  );
}
