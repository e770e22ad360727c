/** Folders of the data bucket that jobs write: one for each execution, or one that stands. */
import { z } from 'zod';
import { fitting } from '../checks/form.ts';
import type { Template } from '../fill.ts';
import { CHECKPOINTS, DATASETS, executionPrefix, INPUT, outputPrefix } from '../names.ts';
import { urlSpec } from '../schema.ts';
import { type Sink, type Source, Thing, type Use } from '../thing.ts';

const RESERVED: readonly string[] = [CHECKPOINTS, DATASETS, INPUT];

const form = z.strictObject({
  name: fitting(
    'is not a name for a folder',
    `a-z, 0-9 and -, first a letter, 30 at most, but not ${RESERVED.slice(0, -1).join(', ')} or ${RESERVED.at(-1)}`,
    (name) => typeof name === 'string' && /^[a-z][a-z0-9-]{0,29}$/.test(name) && !RESERVED.includes(name),
    'string',
  ),
});

/** A folder: `<name>/<pipeline>/` in the data bucket, below which an execution has a folder of its own unless it stands. */
export class Folder extends Thing implements Sink {
  readonly kind = 'folder';
  readonly plural = 'folders';
  readonly name: string;

  constructor(name: string) {
    super({ name }, form);
    this.name = name;
  }

  override get hasOneWriter(): boolean {
    return true;
  }

  override place(pipeline: string): string {
    return `folder ${outputPrefix(pipeline, this.name)}`;
  }

  writePart({ pipeline }: Use): Template {
    return { kind: this.kind, url: `s3://{platform.bucket}/${executionPrefix(pipeline.name, this.name)}` };
  }
}

/** A folder that outlives executions, so that jobs can read what others wrote there. */
export class StandingFolder extends Folder implements Source {
  override get hasOneWriter(): boolean {
    return false;
  }

  readPart({ pipeline }: Use): Template {
    // Below what the role may use, since S3A asks for the folder itself too.
    return { kind: this.kind, url: `s3://{platform.bucket}/${outputPrefix(pipeline.name, this.name)}/standing` };
  }

  override writePart(use: Use): Template {
    return this.readPart(use);
  }
}

/** A folder for what one execution leaves, by its name in the data bucket. */
export const folder = (name: string): Folder => new Folder(name);

/** A folder that stands, by its name in the data bucket. */
export const standingFolder = (name: string): StandingFolder => new StandingFolder(name);

const spec = z.strictObject({ kind: z.literal('folder'), url: urlSpec });
export const readSpecs = [spec];
export const writeSpecs = [spec];
