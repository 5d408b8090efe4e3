/** Outside text in Discord messages: shown as it is, and never doing anything. */

/** Breaks lines, breaks layouts or turns the reading direction of what follows. */
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/** Discord takes a backslash before any of these, and then sees neither Markdown, nor a mention, nor a link, nor a timestamp. */
const SPECIAL = /[!-/:-@[-`{-~]/g;
/** The blocks that Unicode keeps for right-to-left scripts. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
/** First strong isolate, and its end. */
const [ISOLATE, END_ISOLATE] = ['\u2068', '\u2069'];

/** A name for a place that has no Markdown, such as a label. Cut to a number of code units, as Discord counts them at worst. */
export function plain(text: string, maxLength: number): string {
  const shown = text.toWellFormed().replace(UNSHOWABLE, ' ');
  if (shown.length <= maxLength) return shown;
  // Half an emoji is no text.
  return `${shown.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Text for a place that has Markdown. At most twice as long as it was. */
export function escapeMarkdown(text: string): string {
  return text
    .toWellFormed()
    .replace(UNSHOWABLE, ' ')
    .replace(SPECIAL, String.raw`\$&`);
}

/** The text that {@link escapeMarkdown} was given, but for what cannot be shown. */
export function unescapeMarkdown(escaped: string): string {
  return escaped.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1');
}

/** A name in the midst of other text, which a right-to-left name must not reorder. */
export function shownName(name: string): string {
  const escaped = escapeMarkdown(name);
  return RIGHT_TO_LEFT.test(escaped) ? `${ISOLATE}${escaped}${END_ISOLATE}` : escaped;
}

/** Text as code, in which Discord sees no Markdown at all. */
export function code(text: string): string {
  return `\`${text.toWellFormed().replace(UNSHOWABLE, ' ').replaceAll('`', 'ˋ')}\``;
}
