/** Text of strangers, shown so that nothing in it hides and nothing drives the terminal. */

/**
 * Text in which nothing hides: control characters, of terminals too, and those that turn the direction of writing or take no room are shown
 * by their code points.
 */
export const visible = (text: string): string =>
  text.replace(/(?![\t\n])[\p{Cc}\p{Cf}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20
      ? String.fromCodePoint(0x2400 + code)
      : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });

/** The same of one line: a line's end within a text begins no line. */
export const visibleLine = (text: string): string => visible(text).replaceAll('\n', '␊');

/** The same data, in whose texts and names nothing hides. */
export function visibleIn<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(visibleIn) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [visible(name), visibleIn(one)])) as T;
}

/** The same data as JSON in one line in which nothing hides. */
export const visibleJson = (value: unknown): string => escaped(JSON.stringify(value));

/** A JSON text with the same data, in which nothing hides. */
export const escaped = (json: string): string =>
  json.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => hidden.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
