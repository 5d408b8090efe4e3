import { ButtonStyle, ComponentType, type APIEmbed } from 'discord.js';
import { discordNow } from '../clock.ts';
import { SELECT_TYPES, type Component } from '../component.ts';
import type { StandInUser, StoredMessage, World } from '../world.ts';
import { renderMarkdown, visible, type MarkReader } from './markdown.ts';
import { renderTimestamp } from './timestamps.ts';

const RULE = '─'.repeat(48);
const WRAP_AT = 76;

type Pen = { readMark: MarkReader; framed: boolean };

/** A message drawn: containers and embeds with a bar in their colour, headings, rows of buttons, selects with choices. */
export function messageLines(world: World, message: StoredMessage, reader: StandInUser, nowMs: number): string[] {
  return drawn(message, { readMark: markReader(world, message, reader, nowMs), framed: true });
}

/** The words of a message alone, a line each, as a person reads them. */
export function visibleText(world: World, message: StoredMessage, reader: StandInUser): string {
  return drawn(message, { readMark: markReader(world, message, reader, discordNow()), framed: false }).join('\n');
}

/** How a person is called in a guild. */
export function displayName(user: StandInUser): string {
  return visible(user.globalName ?? user.username);
}

function drawn(message: StoredMessage, pen: Pen): string[] {
  return [
    ...(message.content === '' ? [] : textLines(message.content, pen)),
    ...message.embeds.flatMap((embed) => boxed(embedLines(embed, pen), embed.color, pen)),
    ...message.components.flatMap((component) => componentLines(component, pen)),
    ...message.attachments.map(({ filename }) => `📎 ${visible(filename)}`),
  ];
}

function componentLines(component: Component, pen: Pen): string[] {
  const { type } = component;
  const inside = (component.components ?? []).flatMap((one) => componentLines(one, pen));
  if (SELECT_TYPES.has(type)) return [selectLine(component, pen)];
  switch (type) {
    case ComponentType.Container:
      return boxed(component.spoiler ? ['▒▒▒ spoiler ▒▒▒'] : inside, component.accent_color, pen);
    case ComponentType.ActionRow:
      return [inside.join(' ')];
    case ComponentType.Button:
      return [buttonLine(component)];
    case ComponentType.TextDisplay:
      return textLines(component.content ?? '', pen);
    case ComponentType.Section: {
      const [accessory = ''] = component.accessory ? componentLines(component.accessory, pen) : [];
      const [first = '', ...rest] = inside;
      return [`${first}   ${accessory}`, ...rest];
    }
    case ComponentType.Separator:
      if (!pen.framed) return [];
      return [component.divider === false ? '' : RULE];
    case ComponentType.Thumbnail:
      return [`▣ ${visible(component.description ?? component.media?.url ?? '')}`];
    case ComponentType.MediaGallery:
      return (component.items ?? []).map(({ description, media }) => `▣ ${visible(description ?? media.url)}`);
    case ComponentType.File:
      return [`📎 ${visible(component.file?.url ?? '')}`];
    default:
      return inside;
  }
}

function buttonLine({ label, emoji, disabled, style }: Component): string {
  const face = [
    emoji && (emoji.id ? `:${emoji.name ?? ''}:` : emoji.name),
    label,
    style === ButtonStyle.Link ? '↗' : undefined,
  ]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
  return disabled ? `( ${visible(face)} )` : `[ ${visible(face)} ]`;
}

function selectLine({ options, placeholder, disabled }: Component, pen: Pen): string {
  const chosen = options?.filter((option) => option.default).map(({ label }) => label);
  const face = visible(chosen && chosen.length > 0 ? chosen.join(', ') : (placeholder ?? 'Make a selection'));
  const box = disabled ? `( ${face} ▾ )` : `[ ${face} ▾ ]`;
  const choices = options?.map(({ label }) => visible(label)).join(' · ');
  return pen.framed && choices ? `${box}  {${choices}}` : box;
}

function embedLines(embed: APIEmbed, pen: Pen): string[] {
  const text = (value: string | undefined): string[] => (value === undefined ? [] : textLines(value, pen));
  return [
    ...text(embed.author?.name),
    ...text(embed.title),
    ...text(embed.description),
    ...(embed.fields ?? []).flatMap(({ name, value }) => [...text(name), ...text(value)]),
    ...(embed.image ? [`▣ ${visible(embed.image.url)}`] : []),
    ...text(embed.footer?.text),
  ];
}

function textLines(text: string, pen: Pen): string[] {
  const lines = renderMarkdown(text, pen.readMark, pen.framed);
  return pen.framed ? lines.flatMap((line) => wrapped(line)) : lines;
}

function boxed(lines: readonly string[], color: number | undefined, { framed }: Pen): string[] {
  if (!framed) return [...lines];
  const accent = color === undefined ? '' : ` #${color.toString(16).padStart(6, '0')} `;
  return [
    `┏━${accent}${'━'.repeat(46 - accent.length)}`,
    ...lines.map((line) => `┃ ${line}`.trimEnd()),
    `┗${'━'.repeat(47)}`,
  ];
}

function wrapped(line: string): string[] {
  const lines = [''];
  for (const word of line.split(/(?<= )/)) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && Array.from(last + word.trimEnd()).length > WRAP_AT) lines.push(word);
    else lines[lines.length - 1] = last + word;
  }
  return lines.map((one) => one.trimEnd());
}

function markReader(world: World, message: StoredMessage, reader: StandInUser, nowMs: number): MarkReader {
  const guild = world.guildOf(message.channel);
  return (mark) => {
    const [, kind = '', id = ''] = /^<(@!?|@&|#)(\d+)>$/.exec(mark) ?? [];
    if (kind === '@&') return at(guild.roles.get(id)?.name);
    if (kind.startsWith('@')) {
      // Who has left is a number to those whose client does not know them.
      const user = guild.members.get(id)?.user;
      return user && at(displayName(user));
    }
    if (kind === '#') return prefixed('#', guild.channels.get(id)?.name);
    const time = /^<t:(-?\d+)(?::([A-Za-z]))?>$/.exec(mark);
    if (time) return renderTimestamp(Number(time[1]), time[2] ?? 'f', reader, nowMs);
    const emoji = /^<a?(:\w+:)\d+>$/.exec(mark);
    return emoji ? emoji[1] : /^<(\/[^:>]+):\d+>$/.exec(mark)?.[1];
  };
}

function at(name: string | undefined): string | undefined {
  return prefixed('@', name);
}

function prefixed(sign: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : name.startsWith(sign) ? name : `${sign}${name}`;
}
