/**
 * Score arithmetic. Amounts, rates, rewards and scores are whole thousandths in a bigint from the edge to the
 * database and back; a multiplier is whole hundredths. Nothing here touches a floating-point number but to read one.
 */

/** The places that every decimal may have, and the thousandths in one. */
const PLACES = 3;
const ONE = 1000n;

/** Multiplier 1, in hundredths. */
export const NO_MULTIPLIER = 100n;

/** The most one contribution may hold: 1,000,000 units. */
export const MAX_AMOUNT = 1_000_000n * ONE;
/** The highest rate: 10,000 OMNIT a unit. */
export const MAX_RATE = 10_000n * ONE;
/** The most that one contribution earns, at the highest amount, rate and multiplier. */
export const MAX_REWARD = (MAX_AMOUNT * MAX_RATE * 3n) / ONE;
/** The highest total that a member may reach: half of what 64 bits hold, so that no batch can leap over the end. */
export const MAX_TOTAL = 2n ** 62n;

/** Far beyond anything that is counted. Working out a number of millions of digits would hold up everybody. */
const MAX_DIGITS = 40;

const DECIMAL = /^(\d+)(?:\.(\d+))?$/;
const SCIENTIFIC = /^(\d+)(?:\.(\d+))?e([+-]\d+)$/;

/**
 * Reads a non-negative decimal into thousandths. A string must match `[0-9]+(\.[0-9]+)?` (trailing zeros are fine); a
 * number is taken by its shortest decimal form, so `1e2` is 100 and `0.1 + 0.2` has 17 places.
 *
 * @returns the thousandths, or what is wrong with it as the end of a sentence.
 */
export function parseDecimal(value: string | number): { thousandths: bigint } | { problem: string } {
  const text = typeof value === 'number' ? plainForm(value) : value;
  const match = DECIMAL.exec(text);
  if (!match) return { problem: 'is not a decimal number such as 12 or "6.25"' };
  const [, whole = '', fraction = ''] = match;
  if (whole.replace(/^0+/, '').length > MAX_DIGITS) return { problem: 'has far too many digits' };
  if (/[1-9]/.test(fraction.slice(PLACES))) return { problem: `has more than ${PLACES} decimal places` };
  return { thousandths: BigInt(whole) * ONE + BigInt(fraction.slice(0, PLACES).padEnd(PLACES, '0')) };
}

/** Writes thousandths as a decimal without trailing zeros: 6250 is `6.25`, 1200000 is `1200`. */
export function formatDecimal(thousandths: bigint): string {
  const sign = thousandths < 0n ? '-' : '';
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -PLACES)}${fraction && `.${fraction}`}`;
}

/** Writes a multiplier in hundredths as a decimal: 250 is `2.5`. */
export function formatMultiplier(hundredths: bigint): string {
  return formatDecimal(hundredths * 10n);
}

/**
 * What a contribution earns: amount x rate x multiplier, rounded down to 3 places. At the limits of all three,
 * 10^9 x 10^7 x 300, the product is 3 x 10^18 and still fits 64 bits.
 */
export function rewardOf(amount: bigint, rate: bigint, multiplier: bigint): bigint {
  return (amount * rate * multiplier) / (ONE * NO_MULTIPLIER);
}

/** What a contribution adds to a member's reputation: amount x reputation a unit, rounded down to 3 places. */
export function reputationOf(amount: bigint, reputation: bigint): bigint {
  return (amount * reputation) / ONE;
}

/** A number's shortest decimal form without an exponent; anything else, such as a negative number, as it prints. */
function plainForm(value: number): string {
  const shortest = String(value);
  const match = SCIENTIFIC.exec(shortest);
  if (!match) return shortest;
  const [, whole = '', fraction = '', exponent = ''] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  return point <= 0
    ? `0.${'0'.repeat(-point)}${digits}`
    : `${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point)}0`;
}
