/**
 * Arithmetic of IPv4 ranges: texts such as `10.20.0.0/16` come in, what is wrong with them and whether two overlap go
 * out. Called by the check of environments.
 */

/** A range as numbers. */
interface Range {
  readonly address: number;
  readonly bits: number;
}

/** Ranges that are private (RFC 1918); others belong to somebody on the internet. */
const PRIVATE: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** A VPC is divided into a quarter for each zone's workers and small subnets from the last quarter. */
const WIDEST = 16;
const NARROWEST = 22;

/** What is wrong with a range, in words, or undefined. */
export function rangeProblem(text: string): string | undefined {
  const range = parse(text);
  if (!range) return 'is not an IPv4 range such as 10.20.0.0/16';
  if (range.bits < WIDEST || range.bits > NARROWEST) return `is not between /${WIDEST} and /${NARROWEST}`;
  if (range.address !== firstAddress(range)) return 'does not begin where a range of its size may begin';
  if (!PRIVATE.some((block) => contains(block, range)))
    return `is not private; allowed are parts of ${PRIVATE.join(', ')}`;
  return undefined;
}

/** Whether two ranges have an address in common; false for texts that are no ranges. */
export function rangesOverlap(left: string, right: string): boolean {
  const [a, b] = [parse(left), parse(right)];
  if (!a || !b) return false;
  const bits = Math.min(a.bits, b.bits);
  return firstAddress({ ...a, bits }) === firstAddress({ ...b, bits });
}

function contains(block: string, range: Range): boolean {
  const outer = parse(block);
  return outer !== undefined && firstAddress({ ...range, bits: outer.bits }) === outer.address;
}

function firstAddress({ address, bits }: Range): number {
  return address - (address % 2 ** (32 - bits));
}

function parse(text: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const parts = match.slice(1).map(Number);
  const bits = parts.pop() ?? 0;
  if (bits > 32 || parts.some((part) => part > 255)) return undefined;
  return { address: parts.reduce((sum, part) => sum * 256 + part, 0), bits };
}
