/** Places in the partitions of a topic. */

/** Next offset by partition. */
export type Offsets = Readonly<Record<number, number>>;

/** From the first offset to before the second. */
export interface Range {
  readonly from: Offsets;
  readonly to: Offsets;
}

/** What of a range came after these offsets. Retention may have removed records at the beginning. */
export function since(offsets: Offsets, { from, to }: Range): Range {
  const later = Object.entries(from).map(([at, low]) => [at, Math.max(low, offsets[Number(at)] ?? 0)] as const);
  return { from: Object.fromEntries(later), to };
}

/** Offsets between two sets of them. */
export function distance(from: Offsets, to: Offsets): number {
  return Object.entries(to).reduce((sum, [partition, offset]) => sum + offset - (from[Number(partition)] ?? 0), 0);
}
