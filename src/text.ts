/** Cc and Bidi_Control break terminals and layouts; a lone surrogate cannot be stored as UTF-8. */
const FORBIDDEN = /[\p{Cc}\p{Bidi_Control}]/u;
const WHITE_SPACE_ALONE = /^\p{White_Space}*$/u;
/** The most code points that one of NFC is taken apart into, as in ᾂ, and the most code units of each. */
const MAX_EXPANSION = 4 * 2;

/** What a kind of text may hold: `pathSafe` texts stand in URLs, where `.` and `..` never reach a router. */
export type TextRule = { maxCodePoints: number; pathSafe: boolean };

export const HANDLE: TextRule = { maxCodePoints: 64, pathSafe: true };
export const CONTRIBUTION_ID: TextRule = { maxCodePoints: 200, pathSafe: true };
export const SUBJECT: TextRule = { maxCodePoints: 200, pathSafe: false };
export const DISPLAY_NAME: TextRule = { maxCodePoints: 100, pathSafe: false };
export const SOURCE: TextRule = { maxCodePoints: 100, pathSafe: true };
export const NAME: TextRule = { maxCodePoints: 100, pathSafe: false };
/** Why somebody did something. */
export const REASON: TextRule = { maxCodePoints: 300, pathSafe: false };

/**
 * Brings an outside text to its stored form, NFC, and holds it against its rule. Nothing is trimmed; zero-width
 * characters and emoji sequences pass. Lengths count code points of the stored form.
 *
 * @returns the stored form, or what is wrong with it as the end of a sentence ("… is longer than 64 characters").
 */
export function checkText(value: string, rule: TextRule): { text: string } | { problem: string } {
  const tooLong = { problem: `is longer than ${rule.maxCodePoints} characters` };
  // Normalizing a long run of combining marks takes time that grows with its square.
  if (value.length > rule.maxCodePoints * MAX_EXPANSION) return tooLong;
  if (!value.isWellFormed()) return { problem: 'holds half a character (an unpaired surrogate)' };
  const text = value.normalize('NFC');
  if (WHITE_SPACE_ALONE.test(text)) return { problem: 'is empty or white space alone' };
  if (FORBIDDEN.test(text)) return { problem: 'holds a control or text-direction character' };
  // A code point takes at most two code units, so the short texts need no counting.
  if (text.length > rule.maxCodePoints && Array.from(text).length > rule.maxCodePoints) return tooLong;
  if (rule.pathSafe && (text === '.' || text === '..'))
    return { problem: `is "${text}", which cannot stand in an address` };
  return { text };
}
