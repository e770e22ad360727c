/**
 * The words in which CloudFormation and the CDK's Provider framework speak to a handler, and how a failure is put so
 * that it arrives. Used by the handlers of custom resources.
 */

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
export function refusal(what: string, mistakes: readonly string[]): Error {
  const shown: string[] = [];
  let room = longestMessage - Buffer.byteLength(what);
  for (const mistake of mistakes) {
    const line = shortened(`- ${mistake}`, shown.length === 0 ? room - 1 : Number.POSITIVE_INFINITY);
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    shown.push(line);
  }
  const left = mistakes.length - shown.length;
  return new Error([what, ...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join('\n'));
}

/** The same failure with a message that fits into a response. */
export function fitting(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return Buffer.byteLength(message) <= longestMessage
    ? new Error(message, { cause: error })
    : new Error(shortened(message, longestMessage), { cause: error });
}

function shortened(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const ending = ' …';
  const cut = Buffer.from(text).subarray(0, Math.max(0, bytes - Buffer.byteLength(ending)));
  // A character that was cut through decodes to a replacement character at the end.
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}${ending}`;
}
