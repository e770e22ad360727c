/** Lookups: topics read as what each key says now. */
import { z } from 'zod';
import type { Template } from '../fill.ts';
import type { Note } from '../mistakes.ts';
import { groupPrefix } from '../names.ts';
import { nameSpec } from '../schema.ts';
import type { Source, Use } from '../thing.ts';
import { Reading, sourceForm, type Topic, topicSpec } from './topic.ts';

/** A compacted topic read as what it says now: the latest value of each key, where a null value deletes. */
export class Lookup extends Reading implements Source {
  readonly kind = 'lookup';

  constructor(topic: Topic) {
    super(topic, { topic }, z.strictObject({ topic: sourceForm }));
  }

  readPart(use: Use): Template {
    const { kind, topic } = this;
    return { ...topic.part(use), kind, groupIdPrefix: groupPrefix(use.pipeline.name, use.job) };
  }

  override checkUse(_use: Use, note: Note): void {
    if (this.topic.cleanup === 'compact') return;
    note('', 'is read as a lookup, but forgets keys', this.topic.cleanup, "a topic with cleanup 'compact'");
  }
}

/** A compacted topic read as a lookup. */
export const latest = (topic: Topic): Lookup => new Lookup(topic);

export const readSpecs = [z.strictObject({ kind: z.literal('lookup'), ...topicSpec, groupIdPrefix: nameSpec })];
