/**
 * Checks the names that a declaration gives: arguments, folders, states and parameters are made from them. A pipeline
 * comes in, mistakes go out. Called by `validate.ts`.
 */
import { basename } from 'node:path';
import type { Note } from './mistakes.ts';
import type { Pipeline } from './model.ts';
import { isPythonName } from './python-modules.ts';
import { RESERVED_PIPELINE_NAMES } from './reserved-names.ts';

const CAMEL_CASE = /^[a-z][a-zA-Z0-9]{0,29}$/;
/** Also the name of a Python package and part of the name of a stack, which between them allow no other character. */
const PIPELINE = /^[a-z][a-z0-9]{0,29}$/;
const FOLDER = /^[a-z][a-z0-9-]{0,29}$/;

/** Folders of the data bucket that are not for a job's output. */
const RESERVED_FOLDERS = ['checkpoints', 'input'];

/** Notes names that cannot become what is made from them. */
export function checkNames(pipeline: Pipeline, note: Note): void {
  if (!PIPELINE.test(pipeline.name)) {
    note('name', 'is not a name', pipeline.name, 'a-z and 0-9, first a letter, 30 characters at most');
  }
  if (RESERVED_PIPELINE_NAMES.includes(pipeline.name)) {
    const allowed = `any name but ${RESERVED_PIPELINE_NAMES.join(', ')}`;
    note('name', 'is taken by the platform', pipeline.name, allowed);
  }
  if (isPythonName(pipeline.name)) {
    note('name', 'is a name that Python keeps for itself', pipeline.name, 'another name');
  }
  const folder = basename(pipeline.folders.declaration);
  if (folder !== pipeline.name) note('name', 'is not the name of its folder', pipeline.name, folder);

  const camelCase = (where: string, kind: string, things: object = {}): void => {
    for (const name of Object.keys(things)) {
      if (!CAMEL_CASE.test(name)) {
        note(`${where}.${name}`, `is not a name for a ${kind}`, name, 'camelCase, 30 characters at most');
      }
    }
  };
  camelCase('topics', 'topic', pipeline.topics);
  camelCase('files', 'file', pipeline.files);
  camelCase('jobs', 'job', pipeline.jobs);
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    camelCase(`jobs.${name}.tunables`, 'tunable', job.tunables);
    for (const output of job.writes.folders ?? []) {
      if (!FOLDER.test(output) || RESERVED_FOLDERS.includes(output)) {
        const allowed = `a-z, 0-9 and -, first a letter, but not ${RESERVED_FOLDERS.join(' or ')}`;
        note(`jobs.${name}.writes.folders`, 'is not a name for a folder', output, allowed);
      }
    }
  }
}
