/**
 * The reference: stateful resources as they are deployed, committed. Of the platform it is one file per environment here, of a pipeline one
 * per environment beside its tests, so that it goes with the pipeline.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import type { Extract } from './stateful.ts';

const platformFile = (environment: string): string =>
  fileURLToPath(new URL(`../reference/${environment}.json`, import.meta.url));

const pipelineFile = (environment: string, { folders }: Pipeline): string =>
  join(folders.declaration, 'tests', `reference.${environment}.json`);

/** Name of the stack in a path such as `dev/network`. */
export const stackNameOf = (path: string): string => path.split('/')[1] ?? path;

/** Reads the reference of an environment; a new environment and a new pipeline have none yet. */
export function readReference(environment: string, pipelines: readonly Pipeline[]): Record<string, Extract> {
  const files = [platformFile(environment), ...pipelines.map((pipeline) => pipelineFile(environment, pipeline))];
  const read = (file: string): Record<string, Extract> =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Extract>) : {};
  return Object.assign({}, ...files.map(read)) as Record<string, Extract>;
}

/** Whether a stack is of a pipeline that nobody has put under protection yet. */
export const isNew = (path: string, reference: object, pipelines: readonly Pipeline[]): boolean =>
  !(path in reference) && pipelines.some(({ name }) => name === stackNameOf(path));

/** Writes it, one line for each resource, so that a change is a line to review. */
export function writeReference(
  environment: string,
  pipelines: readonly Pipeline[],
  reference: Readonly<Record<string, Extract>>,
): void {
  const stacks = Object.entries(reference);
  const ownerOf = (path: string): Pipeline | undefined => pipelines.find(({ name }) => name === stackNameOf(path));
  write(
    platformFile(environment),
    stacks.filter(([path]) => !ownerOf(path)),
  );
  for (const pipeline of pipelines) {
    const own = stacks.filter(([path]) => ownerOf(path) === pipeline);
    if (own.length > 0) write(pipelineFile(environment, pipeline), own);
  }
}

function write(file: string, stacks: readonly (readonly [path: string, resources: Extract])[]): void {
  const blocks = stacks.map(([path, resources]) => {
    const lines = Object.entries(resources).map(
      ([id, resource]) => `    ${JSON.stringify(id)}: ${JSON.stringify(resource)}`,
    );
    return `  ${JSON.stringify(path)}: {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(file, `{\n${blocks.join(',\n')}\n}\n`);
}
