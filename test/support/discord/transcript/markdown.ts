/** What stands in for Discord's own marks: `<@1>`, `<t:0:R>`, … Undefined leaves the mark as it is written. */
export type MarkReader = (mark: string) => string | undefined;

type Inline = { pattern: RegExp; draw: (match: RegExpExecArray, inner: (text: string) => string) => string };

/** Tried in this order at each place; `y` keeps each to the place. */
const INLINE: readonly Inline[] = [
  { pattern: /\\([^\p{L}\p{N}\s])/uy, draw: (match) => match[1] ?? '' },
  { pattern: /(`{1,2})((?:(?!\1)[^\n])+)\1/y, draw: (match) => match[2] ?? '' },
  { pattern: /<(https?:\/\/[^\s>]+)>/y, draw: (match) => match[1] ?? '' },
  {
    pattern: /\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"]*")?\)/y,
    draw: (match, inner) => inner(match[1] ?? ''),
  },
  { pattern: /https?:\/\/[^\s<]+/y, draw: (match) => match[0] },
  { pattern: /\|\|([^\n]+?)\|\|/y, draw: (match) => '▒'.repeat(Array.from(match[1] ?? '').length) },
  { pattern: /\*\*\*(?=\S)((?:\\.|[^\\])+?)\*\*\*/y, draw: (match, inner) => inner(match[1] ?? '') },
  { pattern: /\*\*(?=\S)((?:\\.|[^\\])+?)\*\*(?!\*)/y, draw: (match, inner) => inner(match[1] ?? '') },
  { pattern: /__(?=\S)((?:\\.|[^\\])+?)__(?!_)/y, draw: (match, inner) => inner(match[1] ?? '') },
  { pattern: /~~(?=\S)((?:\\.|[^\\])+?)~~/y, draw: (match, inner) => inner(match[1] ?? '') },
  { pattern: /\*(?=[^\s*])((?:\\.|[^\\*])+?)\*(?!\*)/y, draw: (match, inner) => inner(match[1] ?? '') },
  { pattern: /_(?=[^\s_])((?:\\.|[^\\_])+?)_(?![\p{L}\p{N}_])/uy, draw: (match, inner) => inner(match[1] ?? '') },
];

const MARK = /<(?:@[!&]?\d+|#\d+|t:-?\d+(?::[A-Za-z])?|a?:\w+:\d+|\/[^:>\n]+:\d+)>/y;

/**
 * Draws Discord's Markdown as lines of plain text: what a person reads, without the marks that only format. Headings of
 * the first two levels are underlined when `framed`.
 */
export function renderMarkdown(text: string, readMark: MarkReader, framed: boolean): string[] {
  const lines: string[] = [];
  let fenced = false;
  for (const line of text.split('\n')) {
    const fence = /^```[\w+-]*\s*$/.test(line) || (fenced && line.trimEnd().endsWith('```'));
    if (fence) {
      const rest = line.trimEnd().replace(/```[\w+-]*$/, '');
      if (fenced && rest !== '') lines.push(`${framed ? '▏ ' : ''}${visible(rest)}`);
      fenced = !fenced;
      continue;
    }
    lines.push(...(fenced ? [`${framed ? '▏ ' : ''}${visible(line)}`] : renderLine(line, readMark, framed)));
  }
  return lines;
}

function renderInline(text: string, readMark: MarkReader): string {
  let drawn = '';
  let at = 0;
  while (at < text.length) {
    const [length, piece] = pieceAt(text, at, readMark);
    drawn += piece;
    at += length;
  }
  return drawn;
}

/**
 * Neutralises what would act on a terminal or turn the rest of a line around: control characters and direction overrides
 * become visible. Isolates stay: they end with the name that they enclose, and nobody sees them.
 */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202A-\u202E]/gu, (character) =>
    character === '\n' ? character : `<U+${hexOf(character)}>`,
  );
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0').toUpperCase();
}

function renderLine(line: string, readMark: MarkReader, framed: boolean): string[] {
  const inner = (text: string): string => renderInline(text, readMark);
  const heading = /^(#{1,3}) +(.+)$/.exec(line);
  if (heading) {
    const title = inner(heading[2] ?? '');
    const rule = ['═', '─', ''][(heading[1]?.length ?? 1) - 1] ?? '';
    return framed && rule !== '' ? [title, rule.repeat(Math.min(Array.from(title).length, 60))] : [title];
  }
  const small = /^-# +(.+)$/.exec(line);
  if (small) return [`${framed ? '· ' : ''}${inner(small[1] ?? '')}`];
  const item = /^( *)[-*] +(.+)$/.exec(line);
  if (item) return [`${item[1] ?? ''}• ${inner(item[2] ?? '')}`];
  const quote = /^>(?:>>)? +(.*)$/.exec(line);
  if (quote) return [`▎ ${inner(quote[1] ?? '')}`];
  return [inner(line)];
}

function pieceAt(text: string, at: number, readMark: MarkReader): readonly [number, string] {
  MARK.lastIndex = at;
  const mark = MARK.exec(text)?.[0];
  if (mark !== undefined) return [mark.length, visible(readMark(mark) ?? mark)];
  for (const { pattern, draw } of INLINE) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return [match[0].length, draw(match, (inner) => renderInline(inner, readMark))];
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return [character.length, visible(character)];
}
