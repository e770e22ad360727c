/**
 * Entry point of a declaration: what its author wrote comes in with the address of the file, a `Pipeline` that knows
 * its three folders goes out. Called by every `pipelines/<name>/pipeline.ts`; checked later by `loadPipelines`.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pipeline, PipelineDeclaration } from './model.ts';

/**
 * Declares a pipeline.
 *
 * @param moduleUrl the declaring module's `import.meta.url`
 * @param declaration the declaration
 */
export function definePipeline(moduleUrl: string, declaration: PipelineDeclaration): Pipeline {
  const folder = dirname(fileURLToPath(moduleUrl));
  const root = dirname(dirname(folder));
  return {
    ...declaration,
    files: declaration.files ?? {},
    folders: {
      declaration: folder,
      jobs: join(root, 'jobs', 'pyspark', declaration.name),
      sampleData: join(root, 'sample_data', declaration.name),
    },
  };
}
