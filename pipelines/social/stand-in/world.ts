/** An invented world of posts: which there are follows from a seed and their numbers, when they come from the clock. */

/** A number from 0 to 1, the same for the same words. */
export function drawn(...words: readonly (string | number)[]): number {
  let state = 0x9e3779b9;
  for (const letter of words.join('\0'))
    state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x85ebca6b) ^ (state >>> 13);
  state = Math.imul(state ^ (state >>> 16), 0xc2b2ae35);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}

export type Network = 'bluesky' | 'mastodon';

/** A post as it is now. */
export interface Invented {
  readonly network: Network;
  readonly number: number;
  readonly madeMs: number;
  readonly author: string;
  readonly language: string;
  /** What it is made of: the words of its text, without those between them. */
  words: readonly string[];
  text: string;
  editedMs?: number;
  deleted?: boolean;
}

/** What happens to a post, in the order in which it happens. */
export interface Happening {
  /** Of all that happens in a network, the later the larger: microseconds for one network, for the other the time in milliseconds above sixteen bits. */
  readonly cursor: bigint;
  readonly what: 'made' | 'edited' | 'deleted';
  readonly post: Invented;
  /** As it was then. */
  readonly text: string;
  readonly atMs: number;
}

interface Vocabulary {
  /** One post in three has some. */
  readonly keywords: readonly string[];
  readonly words: readonly string[];
  /** Between words. */
  readonly blank: string;
  readonly ending: string;
}

const VOCABULARIES: Readonly<Record<string, Vocabulary>> = {
  en: {
    keywords: ['music', 'rain', 'train'],
    words: [
      'trains',
      'raincoat',
      'musical',
      'morning',
      'coffee',
      'window',
      'river',
      'garden',
      'late',
      'again',
      'lovely',
      'café',
    ],
    blank: ' ',
    ending: '!',
  },
  de: {
    keywords: ['Musik', 'Regen'],
    words: ['Regenschirm', 'Straße', 'Brücke', 'Frühstück', 'Garten', 'schön', 'Bahnhof', 'heute', 'wieder', 'Käse'],
    blank: ' ',
    ending: '.',
  },
  fr: {
    keywords: ['pluie', 'train'],
    words: ['parapluie', 'matin', 'fenêtre', 'jardin', 'rivière', 'toujours', "aujourd'hui", 'gare', 'déjà'],
    blank: ' ',
    ending: ' !',
  },
  ja: {
    keywords: ['電車'],
    words: ['東京', '天気', '朝', '駅', '音楽', '雨'],
    blank: 'と',
    ending: '。',
  },
};

const AUTHORS = 40;
/** Of so many posts one is edited, one deleted, and one has a megabyte. */
const [EDITED_OF, DELETED_OF, LARGE_OF] = [25, 20, 700];
/** After how long it is. */
const [EDITED_MS, DELETED_MS] = [2_000, 6_000];
const LARGE = 1_000_000;
/** Of the last half an hour, at the usual rate. */
const MOST_POSTS = 20_000;

export class World {
  readonly happenings: Readonly<Record<Network, Happening[]>> = { bluesky: [], mastodon: [] };
  readonly posts: Invented[] = [];
  /** Posts a second, of both networks. */
  rate: number;
  private readonly seed: number;
  private readonly begunMs: number;
  private readonly timers = new Set<NodeJS.Timeout>();
  private owed = 0;
  private number = 0;

  constructor(seed: number, rate: number) {
    this.seed = seed;
    this.rate = rate;
    this.begunMs = Date.now();
    const everyMs = 50;
    setInterval(() => {
      this.owed += (this.rate * everyMs) / 1_000;
      for (; this.owed >= 1; this.owed -= 1) this.make();
    }, everyMs);
  }

  /** Called with each thing that happens. */
  listener: (network: Network, happening: Happening) => void = () => {};

  /** A text that is a part of addresses: no post of another start has it. */
  idOf = ({ number }: Invented): string => `${this.begunMs.toString(36)}${number.toString(36).padStart(6, '0')}`;

  /** Where in what happens a post of the network with numbers for posts stands. */
  cursorOf = ({ network, number, madeMs }: Invented): bigint =>
    network === 'bluesky'
      ? BigInt(madeMs) * 1_000n + BigInt(number % 1_000)
      : (BigInt(madeMs) << 16n) + BigInt(number % 65_536);

  private draw = (what: string, number: number, below: number): number =>
    Math.floor(drawn(this.seed, what, number) * below);

  private make(): void {
    const number = this.number;
    this.number += 1;
    const languages = Object.keys(VOCABULARIES);
    const language = languages[this.draw('language', number, languages.length)] ?? 'en';
    const post: Invented = {
      network: this.draw('network', number, 2) === 0 ? 'bluesky' : 'mastodon',
      number,
      madeMs: Date.now(),
      author: `author${this.draw('author', number, AUTHORS)}`,
      language,
      ...this.written(number, language, 'made'),
    };
    this.posts.push(post);
    if (this.posts.length > MOST_POSTS) this.forget();
    this.happen(post, 'made', this.cursorOf(post));
    if (this.draw('edited', number, EDITED_OF) === 0) this.later(EDITED_MS, () => this.edit(post));
    if (this.draw('deleted', number, DELETED_OF) === 0) this.later(DELETED_MS, () => this.delete(post));
  }

  /** What is so old that nobody asks for it. */
  private forget(): void {
    const [first] = this.posts.splice(0, MOST_POSTS / 2);
    for (const all of Object.values(this.happenings)) {
      const kept = all.findIndex(({ post }) => post.number >= (first?.number ?? 0) + MOST_POSTS / 2);
      all.splice(0, Math.max(0, kept));
    }
  }

  private written(number: number, language: string, when: string): Pick<Invented, 'words' | 'text'> {
    const { keywords, words, blank, ending } = VOCABULARIES[language] as Vocabulary;
    const pick = (from: readonly string[], what: string) =>
      from[this.draw(`${when} ${what}`, number, from.length)] ?? '';
    const length = 3 + this.draw(`${when} length`, number, 6);
    const chosen = Array.from({ length }, (_, at) => pick(words, `word ${at}`));
    // What a post is about stays when it is edited.
    for (let at = 0; at < this.draw('keywords', number, 6) - 3; at += 1) {
      chosen.splice(
        this.draw(`place ${at}`, number, chosen.length),
        0,
        keywords[this.draw(`keyword ${at}`, number, keywords.length)] ?? '',
      );
    }
    const text = `${chosen.join(blank)}${ending}`;
    const isLarge = this.draw('large', number, LARGE_OF) === 0;
    return { words: chosen, text: isLarge ? text.padEnd(LARGE, ' .') : text };
  }

  private edit(post: Invented): void {
    if (post.deleted) return;
    Object.assign(post, this.written(post.number, post.language, 'edited'), { editedMs: Date.now() });
    this.happen(post, 'edited');
  }

  private delete(post: Invented): void {
    post.deleted = true;
    this.happen(post, 'deleted');
  }

  private happen(post: Invented, what: Happening['what'], cursor?: bigint): void {
    const all = this.happenings[post.network];
    const last = all.at(-1)?.cursor ?? 0n;
    const now = cursor ?? this.cursorOf({ ...post, madeMs: Date.now() });
    const happening = { cursor: now > last ? now : last + 1n, what, post, text: post.text, atMs: Date.now() };
    all.push(happening);
    this.listener(post.network, happening);
  }

  /** How much of what is decided has not happened yet. */
  get due(): number {
    return this.timers.size;
  }

  private later(afterMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, afterMs);
    this.timers.add(timer);
  }
}
