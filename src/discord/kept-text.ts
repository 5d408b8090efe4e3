/** Text that a message carries for its own button, as it fits into no custom id. Only the bot's own messages are read. */
import { TextDisplayBuilder } from '@discordjs/builders';
import { ComponentType, type Message } from 'discord.js';
import { escapeMarkdown, unescapeMarkdown } from './text.ts';

/** By this id it is found again. */
const ID = 1_000;

/** A text below a label, such as a reason. */
export function keptText(label: string, text: string): TextDisplayBuilder {
  return new TextDisplayBuilder({ content: `**${label}** ${escapeMarkdown(text)}` }).setId(ID);
}

/** The text that {@link keptText} was given, from its message; undefined where there is none. */
export function readKeptText({ components }: Pick<Message, 'components'>): string | undefined {
  for (const container of components) {
    if (container.type !== ComponentType.Container) continue;
    for (const component of container.components) {
      if (component.type !== ComponentType.TextDisplay || component.id !== ID) continue;
      const [, text] = /^\*\*[A-Za-z ]+\*\* ([^]*)$/.exec(component.content) ?? [];
      return text === undefined ? undefined : unescapeMarkdown(text);
    }
  }
  return undefined;
}
