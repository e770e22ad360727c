/**
 * What `invoke.ts` and the worker that it starts say to each other.
 */

/** What the worker is given. */
export interface WorkerData {
  /** The function's code, unpacked. */
  readonly folder: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  /** The constant part of the handler's second argument. */
  readonly context: Readonly<Record<string, string>>;
}

/** What the worker posts: `loaded` once, then one of the others. */
export type WorkerMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'result'; readonly json: string | undefined }
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string };
