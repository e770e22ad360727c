/** Words of a text, as Unicode tells them apart in each language: also where no blank stands between them. */

const segmenters = new Map<string, Intl.Segmenter>();

function segmenterOf(language: string): Intl.Segmenter {
  const known = segmenters.get(language);
  if (known) return known;
  const made = new Intl.Segmenter(language, { granularity: 'word' });
  segmenters.set(language, made);
  return made;
}

/** Addresses, and names of people, are no words of theirs. */
const NO_WORDS = /https?:\/\/\S+|@[\w.-]+(@[\w.-]+)?/giu;

/** In one form for all that look alike, without capitals. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The words of a text, each once. @param language `und` where it is not known */
export function wordsOf(text: string, language: string): ReadonlySet<string> {
  const segments = segmenterOf(language).segment(folded(text.replace(NO_WORDS, ' ')));
  return new Set([...segments].flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : [])));
}

/** The longest that a word may be, so that it fits where it is counted. */
const LONGEST = 100;
/** In scripts with letters the shortest words say the least. */
const SHORT = /^\p{Script=Latin}{1,3}$/u;

/** Whether a word is worth being counted beside the keywords. */
export const saysSomething = (word: string): boolean =>
  /\p{L}/u.test(word) && !SHORT.test(word) && word.length <= LONGEST && !/\s/.test(word);
