import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** How a rule stands in the list, and how one begins the title of a test. */
const LISTED = /^- \*\*([A-Z]{2,4}-\d+)\*\*/gm;
const TITLED = /['"`]((?!SHA-256)[A-Z]{2,4}-\d+) /g;

function rulesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, rule]) => rule ?? []);
}

describe('SPEC.md', () => {
  it('ARCH-7 has every rule that a test names, once, and a test for every rule', () => {
    const spec = rulesIn(readFileSync(`${ROOT}SPEC.md`, 'utf8'), LISTED);
    const files = globSync('test/**/*.test.ts', { cwd: ROOT });
    const tested = new Set(files.flatMap((file) => rulesIn(readFileSync(`${ROOT}${file}`, 'utf8'), TITLED)));
    expect(spec).toEqual([...new Set(spec)]);
    expect([...tested].filter((rule) => !spec.includes(rule)).toSorted()).toEqual([]);
    expect(spec.filter((rule) => !tested.has(rule))).toEqual([]);
  });
});
