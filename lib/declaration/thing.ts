/**
 * What jobs read and write, whatever its kind. A kind is one file in `kinds/`: a class that says what its author may write and how a
 * job's spec names it, and the form of that part of the spec.
 */
import type { z } from 'zod';
import type { Template } from './fill.ts';
import type { Note } from './mistakes.ts';
import type { Parameter } from './parameter.ts';
import type { KeyedSchema } from './schema.ts';

/** Values by their names. Things are named by aliases: one thing has one alias in all jobs of a pipeline. */
export type Named<T> = Readonly<Record<string, T>>;

/** What a thing may know of the pipeline that declares it. */
export interface Owner {
  readonly name: string;
  readonly folders: { readonly declaration: string; readonly jobs: string; readonly sampleData: string };
}

/** How a job uses a thing. */
export interface Use {
  readonly pipeline: Owner;
  readonly job: string;
  readonly mode: 'batch' | 'stream';
  readonly parameters: Named<Parameter>;
  /** All that the job reads. */
  readonly reads: Named<Thing>;
  readonly alias: string;
}

/** A value that a declaration refers to: a topic, a file, a folder. */
export abstract class Thing {
  /** The kind's name, in specs and in the folders of the kinds. */
  abstract readonly kind: string;
  /** Where mistakes in it are said to be, such as `topics`. */
  abstract readonly plural: string;
  /** What its author wrote, and the form that this must have. */
  readonly given: object;
  readonly form: z.ZodType;

  constructor(given: object, form: z.ZodType) {
    this.given = given;
    this.form = form;
  }

  /** What people call it: its name on the broker, of the file, of the folder. */
  abstract get name(): string;

  /** The thing itself, where this is only a way to read it. */
  get origin(): Thing {
    return this;
  }

  /** Whether it has content that no job of ours wrote. */
  get isWrittenOutside(): boolean {
    return false;
  }

  /** Whether only one job may write it: two would find the other's content in their way. */
  get hasOneWriter(): boolean {
    return false;
  }

  /** What no other thing may take, such as its name on the broker. */
  place(_pipeline: string): string | undefined {
    return undefined;
  }

  /** Notes what is wrong with the thing itself, once its form is right. */
  check(_pipeline: Owner, _note: Note): void {}

  /** Notes what is wrong with this way to read it, once its form is right. */
  checkUse(_use: Use, _note: Note): void {}

  /** Notes what is wrong with this way to write it, once its form is right. */
  checkWrite(_use: Use, _note: Note): void {}

  schemas(_alias: string): readonly KeyedSchema[] {
    return [];
  }

  /** How a mistake shows it. */
  toJSON(): string {
    return `${this.kind} ${this.name}`;
  }
}

/** A thing that jobs can read. */
export interface Source extends Thing {
  /** The part of a reader's spec that says where and how it is read. */
  readPart(use: Use): Template;
}

/** A source that a stream can follow. */
export interface StreamSource extends Source {
  /** How far a stream's watermark stays behind it, in milliseconds; undefined where nothing is ever late. */
  readonly watermarkDelayMs: number | undefined;
}

/** A thing that jobs can write. */
export interface Sink extends Thing {
  /** The part of a writer's spec that says where and how it is written. */
  writePart(use: Use): Template;
}

export const isSource = (value: unknown): value is Source => value instanceof Thing && 'readPart' in value;
export const isSink = (value: unknown): value is Sink => value instanceof Thing && 'writePart' in value;
export const isStreamSource = (value: unknown): value is StreamSource => isSource(value) && 'watermarkDelayMs' in value;
