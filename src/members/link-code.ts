import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O and U, which are read as others or as words (https://www.crockford.com/base32.html). */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 40 bits: with a few wrong tries an hour nobody guesses one in its 15 minutes. */
const LENGTH = 8;
const CODE = new RegExp(`^[${DIGITS}]{${LENGTH}}$`);

/** Makes up a code that is short enough to type: `7K3Q-0XNB`. */
export function makeLinkCode(): string {
  // A byte holds 8 times 32 values, so that no digit is likelier than another.
  const digits = [...randomBytes(LENGTH)].map((byte) => DIGITS.charAt(byte % DIGITS.length)).join('');
  return `${digits.slice(0, LENGTH / 2)}-${digits.slice(LENGTH / 2)}`;
}

/**
 * The hash under which a code is kept. What people type is forgiven: lower case, spaces, no hyphen, O for 0, I or L for 1.
 *
 * @returns undefined for what cannot be a code
 */
export function hashLinkCode(typed: string): Buffer | undefined {
  const digits = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return CODE.test(digits) ? createHash('sha256').update(digits).digest() : undefined;
}
