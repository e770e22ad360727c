/** IPv4 ranges such as `10.20.0.0/16`: whether one holds or meets another. */

interface Range {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Reads a range. */
export function rangeOf(text: string): Range {
  const [address = '', bits = ''] = text.split('/');
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || bits === '' || parts.some((part) => !(part >= 0 && part <= 255))) {
    throw new Error(`"${text}" is not an IPv4 range.`);
  }
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(parts.reduce((sum, part) => sum * 256 + part, 0) / size) * size;
  return { first, last: first + size - 1, bits: Number(bits) };
}

/** Whether all of the inner range lies in the outer one. */
export function holds(outer: string, inner: string): boolean {
  const [a, b] = [rangeOf(outer), rangeOf(inner)];
  return a.first <= b.first && b.last <= a.last;
}

/** Whether the two ranges have an address in common. */
export function meets(left: string, right: string): boolean {
  const [a, b] = [rangeOf(left), rangeOf(right)];
  return a.first <= b.last && b.first <= a.last;
}
