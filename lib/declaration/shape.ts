/**
 * Checks the form of a declaration: something that should be one comes in, unknown words, missing parts and parts of
 * another kind go out as mistakes. Called by `validate.ts`. A pipeline is loaded without the compiler having seen it,
 * and a misspelt word that nobody reads would be a setting that is not made.
 */
import { z } from 'zod';
import type { Note } from './mistakes.ts';
import type {
  BoundedOrder,
  ContinuousOrder,
  FileDeclaration,
  InstantTunable,
  JobDeclaration,
  JobSize,
  NumberTunable,
  Pipeline,
  Reconciliation,
  Report,
  TextTunable,
  TopicDeclaration,
} from './model.ts';

/** A rule for each word of a part of the model; the compiler sees to it that none is missing or left over. */
type Rules<T> = { readonly [Word in keyof Required<T>]: z.ZodType };

const part = <T>(rules: Rules<T>) => z.strictObject(rules);
const texts = z.array(z.string()).optional();
/** A number whose range is checked with the meaning of its part. */
const number = z.unknown().optional();

const schema = z.strictObject({ file: z.string(), artifact: z.string().optional() });

const topic = part<TopicDeclaration>({
  name: z.string(),
  partitions: number,
  cleanup: z.enum(['delete', 'compact']),
  retention: number,
  timestamps: z.enum(['CreateTime', 'LogAppendTime']).optional(),
  configuration: z.record(z.string(), z.string()).optional(),
  key: schema.optional(),
  value: schema.optional(),
  external: z.enum(['written', 'read', 'both']).optional(),
  onRemoval: z.enum(['retain', 'delete']).optional(),
});

const file = part<FileDeclaration>({
  sample: z.string(),
  separator: z.string().optional(),
  schema,
});

const described = { unit: z.string(), description: z.string() };
const tunable = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('integer'),
    default: number,
    minimum: number,
    maximum: number,
    ...described,
  } satisfies Rules<NumberTunable>),
  z.strictObject({
    kind: z.literal('text'),
    default: z.string(),
    pattern: z.string(),
    ...described,
  } satisfies Rules<TextTunable>),
  z.strictObject({
    kind: z.literal('instant'),
    default: z.string(),
    description: z.string(),
  } satisfies Rules<InstantTunable>),
]);

const process = z.strictObject({ cores: number, memory: number });

const job = part<JobDeclaration>({
  entryPoint: z.string(),
  mode: z.enum(['batch', 'streaming']),
  reads: z.strictObject({ topics: texts, files: texts }),
  writes: z.strictObject({ topics: texts, folders: texts }),
  size: part<JobSize>({ driver: process, executor: process, executors: number }),
  tunables: z.record(z.string(), tunable).optional(),
  queries: texts,
  timeoutMinutes: number,
});

const pipeline = part<Pipeline>({
  name: z.string(),
  description: z.string().min(1, 'a sentence for people'),
  topics: z.record(z.string(), topic),
  files: z.record(z.string(), file),
  jobs: z.record(z.string(), job),
  order: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('bounded'),
      stream: z.string(),
      during: z.array(z.string()),
      after: z.array(z.string()),
    } satisfies Rules<BoundedOrder>),
    z.strictObject({ kind: z.literal('continuous'), stream: z.string() } satisfies Rules<ContinuousOrder>),
  ]),
  reconciliation: part<Reconciliation>({
    file: z.string(),
    rows: z.string(),
    source: z.string(),
    rejects: z.string(),
    deadLetters: z.string(),
    summary: part<Reconciliation['summary']>({ topic: z.string(), count: z.string(), windowsPerRow: number }),
  }).optional(),
  report: part<Report>({
    job: z.string(),
    folder: z.string(),
    columns: z.array(
      part<Report['columns'][number]>({
        field: z.string(),
        title: z.string(),
        format: z.enum(['text', 'money', 'count', 'time']),
      }),
    ),
  }).optional(),
  folders: z.strictObject({ declaration: z.string(), jobs: z.string(), sampleData: z.string() }),
});

/**
 * Notes what is wrong with the form.
 *
 * @returns whether the other checks can look into it
 */
export function checkShape(declaration: unknown, note: Note): boolean {
  const issues = pipeline.safeParse(declaration).error?.issues ?? [];
  let readable = true;
  for (const issue of issues) {
    const where = issue.path.join('.');
    const got = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      declaration,
    );
    switch (issue.code) {
      case 'unrecognized_keys':
        for (const key of issue.keys) {
          note(where === '' ? key : `${where}.${key}`, 'is not a word of a declaration', key, 'see model.ts');
        }
        break;
      case 'invalid_value':
        note(where, 'is none of the words for it', got, issue.values.map(String).join(', '));
        // A missing word is a missing part.
        readable &&= got !== undefined;
        break;
      case 'invalid_union':
        note(
          where,
          'is none of the words for it',
          got,
          where.startsWith('order') ? 'bounded, continuous' : 'integer, text, instant',
        );
        readable = false;
        break;
      case 'invalid_type':
        note(where, got === undefined ? 'is missing' : 'is of another kind', got, kind(issue.expected));
        readable = false;
        break;
      default:
        note(where, 'is not as expected', got, issue.message);
    }
  }
  return readable;
}

/** Kinds of values in the words of a person. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const kind = (expected: string): string => KINDS[expected] ?? expected;
