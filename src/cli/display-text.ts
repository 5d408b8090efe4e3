/** What could move the cursor, change the terminal or turn a line around; and what would break a line. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const UNSAFE_IN_JSON = /[\u007F-\u009F\p{Bidi_Control}]/gu;

const ZERO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
/** What takes two columns: emoji, and what Unicode calls East Asian Wide or Fullwidth. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|.\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}])/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** One line of text from elsewhere as it may be written on a terminal: what could act on it is replaced by `�`. */
export function safeText(text: string): string {
  return text.toWellFormed().replace(UNSAFE, '\uFFFD');
}

/** A value as JSON that is safe on a terminal and still says the same: characters that could act on it are escaped. */
export function safeJson(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replace(
    UNSAFE_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** How many columns a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (!ZERO_WIDTH.test(segment)) width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}
