/** The terms in which CloudFormation and the CDK's Provider framework speak to a handler, and failures that reach them. */

/** What the Provider framework hands to `onEvent`, and to `isComplete` together with what `onEvent` answered. */
export interface LifecycleEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Given with Update and Delete. */
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
  /** Given with Update. */
  readonly OldResourceProperties?: Readonly<Record<string, unknown>>;
}

/** What `onEvent` answers; further fields reach `isComplete`. */
export interface LifecycleAnswer {
  readonly PhysicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** CloudFormation takes 4,096 bytes for a whole response; this is what of it may be words. */
const longestMessage = 3_000;

/** One failure for several mistakes: all of them as far as they fit, one a line, and how many more there are. */
export class Mistakes extends Error {
  constructor(what: string, mistakes: readonly string[]) {
    const shown: string[] = [];
    let room = longestMessage - Buffer.byteLength(what);
    for (const mistake of mistakes) {
      const line = shortened(`- ${mistake}`, shown.length === 0 ? room - 1 : Number.POSITIVE_INFINITY);
      room -= Buffer.byteLength(line) + 1;
      if (room < 0) break;
      shown.push(line);
    }
    const left = mistakes.length - shown.length;
    super([what, ...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join('\n'));
  }
}

/** The same failure with a message that fits into a response. */
export function fitting(error: unknown): Error {
  return new Error(shortened(messageOf(error), longestMessage), { cause: error });
}

/** A handler that does this work, and whose failures fit into a response. */
export const answering =
  <E, A>(work: (event: E) => Promise<A>) =>
  (event: E): Promise<A> =>
    work(event).catch((error: unknown) => {
      throw fitting(error);
    });

function shortened(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const ending = ' …';
  const cut = Buffer.from(text).subarray(0, Math.max(0, bytes - Buffer.byteLength(ending)));
  // A character that was cut through decodes to a replacement character at the end.
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}${ending}`;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
