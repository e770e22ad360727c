/** Each kind of mistake in items, in the words that a person reads, and what a job is told of them. */
import { describe, expect, test } from 'vitest';
import { fill } from '../../../lib/declaration/fill.ts';
import { items } from '../../../lib/declaration/index.ts';
import { specOf } from '../../../lib/declaration/plan.ts';
import { Spec } from '../../../lib/declaration/spec.ts';
import { accepts, type Change, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const kept = (props: object = {}, name = 'words') =>
  items(name, { partitionKey: 'word', version: 'number', ...props } as never);
const written = (thing: ReturnType<typeof items>): Change => ({
  jobs: ({ count }) => void Object.assign(count.writes, { kept: thing }),
});

describe('items', () => {
  accepts('some that a stream writes and a batch job reads and writes', {
    jobs: ({ count, show }) => {
      const thing = kept({ sortKey: 'day', ttl: 'until' });
      Object.assign(count.writes, { kept: thing });
      Object.assign(show, { reads: { ...show.reads, kept: thing }, writes: { ...show.writes, kept: thing } });
    },
  });
  for (const name of ['Words', 'a-b', '', '1a', 'x'.repeat(31)]) {
    refuses(
      `the name ${JSON.stringify(name)}`,
      written(kept({}, name)),
      `tiny.items.kept.name: is not a name for items; got ${JSON.stringify(name)}; allowed: a-z, 0-9 and _, first a letter, 30 at most`,
    );
  }
  refuses(
    'an attribute that would have to be quoted',
    written(kept({ sortKey: 'a.b' })),
    'tiny.items.kept.sortKey: is not a name for an attribute; got "a.b"; allowed: letters, digits and _, first a letter, 63 at most',
  );
  refuses(
    'a version that is the key',
    written(kept({ version: 'word' })),
    'tiny.items.kept.version: is another attribute of these too; got "word"; allowed: an attribute of its own',
  );
  refuses(
    'items without a version, of which a late writer would win',
    written(items('words', { partitionKey: 'word' } as never)),
    'tiny.items.kept.version: is missing; got nothing; allowed: letters, digits and _, first a letter, 63 at most',
  );
  refuses(
    'a stream of them',
    {
      jobs: ({ count, send }) => {
        const thing = kept();
        Object.assign(send.writes, { kept: thing });
        Object.assign(count, { reads: { ...count.reads, kept: thing } });
      },
    },
    'tiny.jobs.count.reads.kept: is no source of a stream; got "items words"; allowed: a batch job',
  );
});

test('a job is told the table by its ARN, from the parameter of the pipeline', () => {
  const pipeline = tinyPipeline(written(kept({ sortKey: 'day', ttl: 'until' })));
  const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/millrace-dev-tiny-Words-1';
  const scope = { pipeline: { items: { words: arn }, schemas: {}, files: {} } };
  const template = specOf(pipeline, 'count') as { writes: { kept: unknown } };
  const part = fill(template.writes.kept as never, scope);
  expect(part).toEqual({ kind: 'items', table: arn, key: ['word', 'day'], version: 'number', ttl: 'until' });
  const writes = Spec.shape.writes.safeParse({ kept: part });
  expect(writes.error).toBeUndefined();
  expect(Spec.shape.writes.safeParse({ kept: { ...(part as object), table: 'words' } }).success).toBe(false);
});
