import { ContainerBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { MessageFlags } from 'discord.js';
import type { Answer, FileAnswer } from './command.ts';

/** A side stripe says what kind of message it is, beside the words that say so. */
export const COLOURS = {
  good: 0x57f287,
  waiting: 0xfee75c,
  final: 0xf1c40f,
  past: 0x99aab5,
  neutral: 0x5865f2,
  bad: 0xed4245,
} as const;

/** A message of text alone, in Discord's Markdown. */
export function note(text: string, colour: number = COLOURS.neutral): Answer {
  return new ContainerBuilder()
    .setAccentColor(colour)
    .addTextDisplayComponents(new TextDisplayBuilder({ content: text }));
}

/** A message of several entries below a heading, parted by lines. */
export function list(heading: string, entries: readonly string[], colour: number = COLOURS.neutral): Answer {
  const answer = note(heading, colour);
  for (const content of entries) {
    answer.addSeparatorComponents(new SeparatorBuilder()).addTextDisplayComponents(new TextDisplayBuilder({ content }));
  }
  return answer;
}

/** An answer as discord.js sends it: nobody is ever pinged. */
export function toMessage(answer: Answer | FileAnswer) {
  const { container, file } = 'file' in answer ? answer : { container: answer, file: undefined };
  return {
    components: [container],
    ...(file ? { files: [{ attachment: file.content, name: file.name }] } : {}),
    flags: MessageFlags.IsComponentsV2,
    allowedMentions: { parse: [] },
  } as const;
}

/** An answer that only the one who asked sees. */
export function toPrivateMessage(answer: Answer | FileAnswer) {
  return { ...toMessage(answer), flags: MessageFlags.IsComponentsV2 | MessageFlags.Ephemeral } as const;
}
