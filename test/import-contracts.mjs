/**
 * The contracts that import-linter checks. They are made from the folders of jobs/pyspark and not kept, because a new pipeline is a new
 * folder and no edit elsewhere.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SHARED = 'millrace';
/** What a transform must not reach, directly or through what it imports: sessions, the outside world, clocks. */
const OUTSIDE_OURS = [
  'job/events',
  'job/jvm',
  'job/run',
  'job/session',
  'job/spec',
  'job/stop',
  'kafka/connection',
  'kinds',
  'formats/codecs',
  'formats/files',
  'formats/registry',
  'streaming/progress',
  'streaming/query',
  'streaming/source',
  'sending/file_sender',
];
const OUTSIDE_PYTHON = ['os', 'random', 'socket', 'subprocess', 'sys', 'threading', 'time', 'urllib'];

/**
 * @param {string} jobs the folder jobs/pyspark
 * @param {string} path where the configuration goes
 */
export function writeImportContracts(jobs, path) {
  const packages = readdirSync(jobs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(jobs, entry.name, '__init__.py')))
    .map((entry) => entry.name)
    .sort();
  const pipelines = packages.filter((name) => name !== SHARED);
  const shared = OUTSIDE_OURS.filter(
    (name) => existsSync(join(jobs, SHARED, `${name}.py`)) || existsSync(join(jobs, SHARED, name, '__init__.py')),
  ).map((name) => `${SHARED}.${name.replaceAll('/', '.')}`);
  const sections = [
    section('importlinter', { root_packages: packages, include_external_packages: 'True' }),
    ...pipelines.map((name) =>
      section(`importlinter:contract:${name}-transforms`, {
        name: `Transforms of ${name} reach no session, input or output`,
        type: 'forbidden',
        source_modules: [`${name}.transforms`],
        forbidden_modules: [...shared, ...OUTSIDE_PYTHON],
      }),
    ),
    section('importlinter:contract:shared', {
      name: 'What jobs share knows no pipeline',
      type: 'forbidden',
      source_modules: [SHARED],
      forbidden_modules: pipelines,
    }),
  ];
  if (pipelines.length > 1) {
    const name = 'Pipelines know nothing of each other';
    sections.push(section('importlinter:contract:pipelines', { name, type: 'independence', modules: pipelines }));
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sections.join('\n'));
}

/**
 * @param {string} title
 * @param {Record<string, string | string[]>} values
 * @returns {string}
 */
function section(title, values) {
  const lines = Object.entries(values).map(([name, value]) =>
    typeof value === 'string' ? `${name} = ${value}` : `${name} =\n${value.map((one) => `    ${one}`).join('\n')}`,
  );
  return `[${title}]\n${lines.join('\n')}\n`;
}
