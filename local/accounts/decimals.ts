/** Exact decimals: numbers as texts have them, as whole numbers of a unit that is small enough for all of them. */

/** Digits behind the point: more than any column of money has. */
const digits = 18;
const number = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** A number in units; undefined for a text that is none, or of more digits than there are. */
export function unitsOf(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = number.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const zeros = digits - fraction.length + Number(exponent);
  const written = BigInt(whole + fraction);
  const factor = 10n ** BigInt(Math.abs(zeros));
  if (zeros < 0 && written % factor !== 0n) return undefined;
  const units = zeros < 0 ? written / factor : written * factor;
  return sign ? -units : units;
}

/** Units as a number for people: whole, or with two digits behind the point and as many more as it takes. */
export function decimalOf(units: bigint): string {
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  const whole = text.slice(0, -digits).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${units < 0n ? '-' : ''}${whole}.${fraction.padEnd(2, '0')}`;
}
