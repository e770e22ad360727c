/** Sources: programs that listen to what is outside, for ever, and write what they hear to topics. */
import { z } from 'zod';
import { checkFiles, checkTopics, path, topics } from '../checks/code.ts';
import { checkCamelCase, fitting, whole } from '../checks/form.ts';
import { checkParameter, isParameter, parameterForms } from '../checks/parameters.ts';
import { type Note, noteAt } from '../mistakes.ts';
import { cursorTopic } from '../names.ts';
import type { Parameter } from '../parameter.ts';
import { isSecret, Secret } from '../secret.ts';
import { type Named, type Owner, Thing } from '../thing.ts';
import { Topic } from './topic.ts';

export interface SourceProps<W extends Named<Topic> = Named<Topic>> {
  /** A module beside the declaration, whose default export has a `Channel` for each topic, by the topic's alias. */
  readonly code: string;
  /** Topics that it writes, by alias. */
  readonly writes: W;
  /** What nobody is to read in a template, by the names that the code has for them. @default none */
  readonly secrets?: Named<Secret>;
  /** What the code is told; a value changes by a deployment. @default nothing */
  readonly parameters?: Named<Parameter>;
  /** A program beside the declaration that plays what is outside, on a developer's machine. @default none: it listens to what is outside there too */
  readonly standIn?: string;
  /** Minutes without a record of a topic after which somebody is told. @default 15 */
  readonly quietMinutes?: number;
}

/** Without a record for so long, a source is thought to be deaf. */
const QUIET_MINUTES = 15;

const form = z.strictObject({
  name: z.string(),
  code: path,
  writes: topics,
  secrets: z
    .record(
      z.string(),
      fitting('is no secret', 'secret(name, key)', (value) => value instanceof Secret && isSecret(value)),
    )
    .optional(),
  parameters: z
    .record(
      z.string(),
      fitting(
        'is no parameter',
        'integer(...), decimal(...), text(...) or instant(...), as they are written',
        (value) => isParameter(value) && parameterForms[value.kind].safeParse(value).success,
      ),
    )
    .optional(),
  standIn: path.optional(),
  quietMinutes: whole(5, 1_440, ' minutes').optional(),
} satisfies Record<keyof SourceProps | 'name', z.ZodType>);

/** A source. It is no thing that jobs read or write: they read its topics. */
export class Source extends Thing {
  readonly kind = 'source';
  readonly plural = 'sources';
  readonly name: string;
  readonly props: SourceProps;

  constructor(name: string, props: SourceProps) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
  }

  get writes(): Named<Topic> {
    return this.props.writes;
  }

  get quietMinutes(): number {
    return this.props.quietMinutes ?? QUIET_MINUTES;
  }

  override get isWrittenOutside(): boolean {
    return true;
  }

  /** The topic in which it keeps how far it has come. */
  ownTopic(pipeline: string): Topic {
    return new Topic(cursorTopic(pipeline, this.name), { partitions: 1, cleanup: 'compact' });
  }

  override place(pipeline: string): string {
    return `source ${pipeline}.${this.name}`;
  }

  override check(owner: Owner, note: Note): void {
    const { code, standIn, writes, parameters = {}, secrets = {} } = this.props;
    checkCamelCase(note, 'name', this.name);
    checkFiles(owner, { code, standIn }, note);
    checkTopics('sources', writes, note);
    for (const name of Object.keys(secrets)) checkCamelCase(note, `secrets.${name}`, name);
    for (const [name, parameter] of Object.entries(parameters)) {
      checkParameter(noteAt(note, `parameters.${name}`), name, parameter);
    }
  }
}

/** A source, by its name. */
export const source = <const W extends Named<Topic>>(name: string, props: SourceProps<W>): Source =>
  new Source(name, props);

/** Jobs read its topics: specs say nothing of it. */
export const readSpecs = [];
