/** How records of JSON are written. */
import type { Message } from 'kafkajs';
import type { JsonRecord } from '../../lib/declaration/listening.ts';

/** A request that fails for so long is better begun anew. */
export const RETRY = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 6 };

export const messageOf = ({ key, value }: JsonRecord): Message => ({
  key,
  value: value === null ? null : JSON.stringify(value),
});
