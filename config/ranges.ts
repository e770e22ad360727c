/** Arithmetic of IPv4 ranges such as `10.20.0.0/16`. */
import { isIPv4 } from 'node:net';

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
  // No private range is narrower than the widest of a VPC: what has an address in common lies in it.
  if (!PRIVATE.some((block) => rangesOverlap(block, text))) {
    return `is not private; allowed are parts of ${PRIVATE.join(', ')}`;
  }
  return undefined;
}

/** Whether two ranges have an address in common; false for texts that are no ranges. */
export function rangesOverlap(left: string, right: string): boolean {
  const [a, b] = [parse(left), parse(right)];
  if (!a || !b) return false;
  const bits = Math.min(a.bits, b.bits);
  return firstAddress({ ...a, bits }) === firstAddress({ ...b, bits });
}

function firstAddress({ address, bits }: Range): number {
  return address - (address % 2 ** (32 - bits));
}

function parse(text: string): Range | undefined {
  const [, address = '', bits] = /^([^/]*)\/(\d\d?)$/.exec(text) ?? [];
  if (!isIPv4(address) || Number(bits) > 32) return undefined;
  return { address: address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0), bits: Number(bits) };
}
