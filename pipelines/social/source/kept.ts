/** Which posts are kept, and what is written of them. */
import type { HeardRecord, Outside } from '../../../lib/declaration/listening.ts';
import { folded, saysSomething, wordsOf } from './words.ts';

export interface Wanted {
  /** None: all. */
  readonly keywords: readonly string[];
  readonly languages: readonly string[];
}

const listOf = (text: unknown): string[] =>
  String(text ?? '')
    .split(',')
    .filter(Boolean);

export const wantedOf = ({ keywords, languages }: Outside['parameters']): Wanted => ({
  keywords: listOf(keywords).map(folded),
  languages: listOf(languages),
});

/** A post as a network tells it. */
export interface Post {
  readonly network: 'bluesky' | 'mastodon';
  readonly uri: string;
  /** Those that it says it is in. */
  readonly languages: readonly string[];
  readonly postedAtMs: number;
  readonly text: string;
  /** Whether it takes the place of an earlier text. */
  readonly edited: boolean;
}

/** Longer than any that a person writes: a record has room for it. */
const LONGEST_TEXT = 5_000;
const MOST_WORDS = 80;

/** What is written of a post; undefined where it is not kept. */
export function keptOf(post: Post, wanted: Wanted): HeardRecord['value'] | undefined {
  const languages = post.languages.map((tag) => tag.toLowerCase().split(/[-_]/, 1)[0] ?? '').filter(isLanguage);
  const any = wanted.languages.length === 0;
  const language = any ? (languages[0] ?? 'und') : languages.find((one) => wanted.languages.includes(one));
  if (language === undefined) return undefined;
  // A letter of two halves is not cut through.
  const text = [...post.text.slice(0, 2 * LONGEST_TEXT)]
    .slice(0, LONGEST_TEXT)
    .join('')
    .replace(/\p{Cs}/gu, '\uFFFD');
  const words = wordsOf(text, language);
  const found = wanted.keywords.length === 0 ? ['*'] : wanted.keywords.filter((keyword) => words.has(keyword));
  if (found.length === 0) return undefined;
  const others = [...words].filter((word) => !found.includes(word) && saysSomething(word)).slice(0, MOST_WORDS);
  return {
    uri: post.uri,
    network: post.network,
    language,
    posted_at: new Date(post.postedAtMs).toISOString(),
    text,
    keywords: found.join(' '),
    words: others.join(' '),
    edited: post.edited,
    mentions: post.edited ? 0 : found.length,
  };
}

const isLanguage = (tag: string): boolean => /^[a-z]{2,3}$/.test(tag);
