/** What Avro's logical types are for people: money with every digit, times as the ISO text of an instant. */
import avro, { type Schema, type types } from 'avsc';

class Instant extends avro.types.LogicalType {
  protected override _fromValue(value: unknown): string {
    return new Date(Number(value)).toISOString();
  }

  protected override _toValue(value: unknown): number {
    return Date.parse(String(value));
  }
}

class Decimal extends avro.types.LogicalType {
  private readonly scale: number;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options as never);
    this.scale = Number(Object(schema).scale ?? 0);
  }

  protected override _fromValue(value: unknown): string {
    const bytes = value as Buffer;
    const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(this.scale + 1, '0');
    const sign = unscaled < 0n ? '-' : '';
    return this.scale === 0
      ? `${sign}${digits}`
      : `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }

  protected override _toValue(): never {
    throw new Error('decimals are read here and never written');
  }
}

export const logicalTypes: Readonly<Record<string, new (schema: Schema, options?: unknown) => types.LogicalType>> = {
  decimal: Decimal,
  'timestamp-millis': Instant,
};
