/** Putting as much into a message as Discord takes. */
import { formatCount } from './format.ts';

/** How much a message may hold: characters over all its texts, and texts, each with a line above. */
export type Room = { characters: number; blocks: number; locale: string };

/** A message to itself, with room for buttons. */
export const WHOLE_MESSAGE = { characters: 4_000, blocks: 18 } as const;

/** The line that says how many are left out. */
const MORE_LENGTH = 80;

/**
 * The first of some attempts that fits with what stands above and below; of the last one, as much as fits.
 *
 * @param attempts blocks, from the most detailed to the least
 */
export function fit(
  head: readonly string[],
  attempts: readonly (() => string[])[],
  foot: readonly string[],
  { characters, blocks: mostBlocks, locale }: Room,
): string[] {
  const above = head.join('\n');
  const below = foot.length > 0 ? [foot.join('\n')] : [];
  const left = characters - above.length - lengthOf(below) - MORE_LENGTH;
  let blocks: string[] = [];
  for (const attempt of attempts) {
    blocks = attempt();
    if (lengthOf(blocks) <= left) break;
  }
  const shown: string[] = [];
  for (const block of blocks) {
    if (lengthOf([...shown, block]) > left) break;
    shown.push(block);
  }
  const rest = blocks.length - shown.length;
  const more = rest > 0 ? [`… and ${formatCount(rest, locale)} more`] : [];
  const all = [above, ...shown, ...more, ...below];
  return all.length <= mostBlocks ? all : [all.join('\n')];
}

function lengthOf(blocks: readonly string[]): number {
  return blocks.reduce((sum, block) => sum + block.length + 1, 0);
}
