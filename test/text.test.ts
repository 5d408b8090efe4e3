import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkText, CONTRIBUTION_ID, DISPLAY_NAME, HANDLE, SOURCE, SUBJECT } from '../src/text.ts';

/** Family of four: seven code points, joined by zero-width joiners. */
const FAMILY = '👨‍👩‍👧‍👦';

describe('texts', () => {
  it.each([
    ['a handle', HANDLE, 64],
    ['an id', CONTRIBUTION_ID, 200],
    ['a subject', SUBJECT, 200],
    ['a display name', DISPLAY_NAME, 100],
  ] as const)('IN-2 the length of %s counts code points: at its limit it passes, over it not', (_, rule, limit) => {
    for (const character of ['a', 'ä', 'א', '𝒳', '🦊', '\u200B']) {
      const text = character.repeat(limit);
      expect(checkText(text, rule)).toEqual({ text });
      expect(checkText(text + character, rule)).toEqual({ problem: `is longer than ${limit} characters` });
    }
  });

  it('IN-2 lengths count the composed form, and composed and decomposed are one text', () => {
    expect(checkText('e\u0301'.repeat(64), HANDLE)).toEqual({ text: 'é'.repeat(64) });
    expect(checkText('\u1100\u1161\u11A8', HANDLE)).toEqual({ text: '각' });
    expect(checkText('\u212B', HANDLE)).toEqual({ text: 'Å' });
    // A composition exclusion: NFC takes it apart, so 64 of them are too long.
    expect(checkText('\u0958'.repeat(64), HANDLE)).toEqual({ problem: 'is longer than 64 characters' });
    // Compatibility forms stay apart: they look different.
    expect(checkText('ﬁ', HANDLE)).toEqual({ text: 'ﬁ' });
  });

  it('IN-2 a text is no longer for being written in its longest form, and an endless one is refused before it is composed', () => {
    expect(checkText('\u03B1\u0313\u0300\u0345'.repeat(64), HANDLE)).toEqual({ text: 'ᾂ'.repeat(64) });
    // A musical note is never composed: three code points of two code units each.
    expect(checkText('\u{1D160}'.repeat(21), HANDLE)).toEqual({ text: '\u{1D160}'.normalize('NFD').repeat(21) });
    // Put in order, these marks would take minutes.
    expect(checkText('\u0301\u0323'.repeat(1_000_000), HANDLE)).toEqual({ problem: 'is longer than 64 characters' });
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a tab', 'a\tb'],
    ['an escape sequence', '\u001B[31mred'],
    ['DEL', 'a\u007F'],
    ['a C1 control', 'a\u009B31m'],
    ['a next line', '\u0085a'],
    ['right-to-left override', 'a\u202Eb'],
    ['an isolate', '\u2066a\u2069'],
    ['an arabic letter mark', 'a\u061Cb'],
    ['a left-to-right mark', 'a\u200Eb'],
  ])('IN-3 %s is refused', (_, text) => {
    expect(checkText(text, SUBJECT)).toEqual({ problem: 'holds a control or text-direction character' });
  });

  it.each([['\uD800'], ['a\uDFFF'], ['\uDE00\uD83D'], ['😀\uD83D']])(
    'IN-3 an unpaired surrogate is refused',
    (text) => {
      expect(checkText(text, SUBJECT)).toEqual({ problem: 'holds half a character (an unpaired surrogate)' });
    },
  );

  it.each([[''], [' '], ['\u00A0\u3000'], ['\u2003 \u205F'], ['\u2028']])('IN-3 %j is white space alone', (text) => {
    expect(checkText(text, DISPLAY_NAME)).toEqual({ problem: 'is empty or white space alone' });
  });

  it.each([
    ['a family', FAMILY],
    ['a zero-width space', 'a\u200Bb'],
    ['zero-width characters alone', '\u200B\u200D'],
    ['right-to-left letters', 'שלום عليكم'],
    ['a mention', '@everyone'],
    ['a user mention', '<@123>'],
    ['Markdown', '**bold** [x](http://y) `z`'],
    ['spaces around', '  ada  '],
    ['a path', 'a/b?c=%2e#d\\e'],
    ['three dots', '...'],
    ['an unassigned character', '\u{E0100}'],
    ['a private one', '\uE000'],
  ])('IN-4 %s passes as it is: nothing is trimmed', (_, text) => {
    expect(checkText(text, HANDLE)).toEqual({ text });
  });

  it('IN-5 `.` and `..` are no handle, id or source, as they cannot stand in an address; elsewhere they pass', () => {
    for (const text of ['.', '..']) {
      for (const rule of [HANDLE, CONTRIBUTION_ID, SOURCE]) {
        expect(checkText(text, rule)).toEqual({ problem: `is "${text}", which cannot stand in an address` });
      }
      for (const rule of [SUBJECT, DISPLAY_NAME]) expect(checkText(text, rule)).toEqual({ text });
    }
  });

  it('IN-2 what passed passes again unchanged, and can be stored as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (value) => {
        const checked = checkText(value, HANDLE);
        if (!('text' in checked)) return;
        expect(checkText(checked.text, HANDLE)).toEqual(checked);
        expect(Buffer.from(checked.text, 'utf8').toString('utf8')).toBe(checked.text);
      }),
      { numRuns: 2000 },
    );
  });
});
