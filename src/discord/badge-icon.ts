/** Stands where a badge has no icon of its own. */
export const DEFAULT_ICON = '🏅';

/** An emoji that the bot has made of the picture of a badge. */
export type MadeEmoji = { id: string; animated: boolean };

/** What the emoji that is made of a badge's picture is called. Numbers of badges are of the whole installation. */
export function emojiNameOf(badgeId: number): string {
  return `badge_${badgeId}`;
}

/** What a badge looks like in a text. */
export function showIcon(badgeId: number, emoji: MadeEmoji | undefined, character: string | undefined): string {
  if (emoji) return `<${emoji.animated ? 'a' : ''}:${emojiNameOf(badgeId)}:${emoji.id}>`;
  return character ?? DEFAULT_ICON;
}
