import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { showSentence } from '../../src/discord/domain-text.ts';
import { escapeMarkdown } from '../../src/discord/text.ts';

const SPECIAL = /\d{4}-\d\d-\d\dT|`|Discord user \d/;

describe('sentences of the domain on Discord', () => {
  it('DI-70 instants stand in each reader’s own time, up to the next whole minute', () => {
    expect(showSentence('It begins at 2026-08-22T12:05:00.000Z or later.')).toBe(
      String.raw`It begins at <t:1787400300:f> or later\.`,
    );
    // Typed as it is shown, the earliest moment is not too early.
    expect(showSentence('2026-08-22T12:05:00.001Z')).toBe('<t:1787400360:f>');
    expect(showSentence('2026-08-22T14:05:00+02:00')).toBe('<t:1787400300:f>');
  });

  it('DI-70 fields of the API go by the names of options, and people by mention', () => {
    expect(showSentence('`endsAt` is not after `startsAt`')).toBe('`ends` is not after `starts`');
    expect(showSentence('set `joinRequired`')).toBe('set `join-required`');
    expect(showSentence('released by Discord user 42')).toBe('released by <@42>');
  });

  it('DI-70 all else is escaped, and what only looks like an instant stays text', () => {
    expect(showSentence('"**@everyone**" at 2026-99-99T99:99:99Z')).toBe(
      String.raw`\"\*\*\@everyone\*\*\" at 2026\-99\-99T99\:99\:99Z`,
    );
    expect(showSentence('`<@1>` and `a`b`')).toBe(String.raw`\`\<\@1\>\` and ${'`a`'}b\``);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!SPECIAL.test(text));
        expect(showSentence(text)).toBe(escapeMarkdown(text));
      }),
    );
  });
});
