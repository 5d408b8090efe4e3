import { MessageFlags } from 'discord.js';
import { discordNow } from '../clock.ts';
import type { DiscordError } from '../discord-error.ts';
import type { InteractionSubject, StandInModal } from '../interaction.ts';
import { pingsOf } from '../payloads.ts';
import type { StandInChannel, StandInUser, StoredMessage, World } from '../world.ts';
import { visible } from './markdown.ts';
import { displayName, messageLines } from './message-lines.ts';
import { modalLines } from './modal-lines.ts';

const INDENT = '    ';
/** Marks the lines that an edit brought. */
const NEW_LINE = '  › ';

/** Something to be seen: where, by whom, and how it looks to a reader. */
type Entry = {
  channel: StandInChannel;
  /** Nobody else sees it. */
  only?: StandInUser | undefined;
  /** For whom it is drawn when all is printed. */
  reader: StandInUser;
  draw: (reader: StandInUser) => string[];
};

/** What people would see, in order, as plain text. Times are drawn in the zone and language of who reads. */
export class Transcript {
  readonly #world: World;
  readonly #entries: (Entry | string[])[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #snapshots = new Map<string, StoredMessage>();
  readonly #listeners: ((line: string) => void)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** All of it, ephemeral messages and refused requests included; or only what one person saw, in their zone and language. */
  render(reader?: StandInUser): string {
    return this.#entries.flatMap((entry) => this.#linesFor(entry, reader)).join('\n');
  }

  /** Calls back with each line from now on. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener);
  }

  /** A person did something. */
  userDid({ user, channel }: InteractionSubject, doing: string): void {
    this.#add({
      channel,
      only: user,
      reader: user,
      draw: () => ['', `#${channel.name}  ${displayName(user)} ${visible(doing)}`],
    });
  }

  /** Discord itself told a person something. */
  userTold({ user, channel }: InteractionSubject, told: string): void {
    this.#add({
      channel,
      only: user,
      reader: user,
      draw: () => [`${INDENT}⚠ ${visible(told)} (only ${displayName(user)} sees this)`],
    });
  }

  /** A form opened for a person. */
  modalOpened({ user, channel }: InteractionSubject, modal: StandInModal): void {
    const draw = (): string[] => modalLines(modal).map((line) => INDENT + line);
    this.#add({ channel, only: user, reader: user, draw });
  }

  /** The bot or a person posted, or the bot began to think. */
  messagePosted(message: StoredMessage): void {
    this.#numbers.set(message.id, this.#numbers.size + 1);
    this.#addMessage(message, 'posts', undefined);
  }

  /** The bot changed a message; `arrived` when it was only announced before. */
  messageEdited(message: StoredMessage, arrived: boolean): void {
    this.#addMessage(
      message,
      arrived ? 'answers with' : 'edits',
      arrived ? undefined : this.#snapshots.get(message.id),
    );
  }

  /** The bot took a message away. */
  messageDeleted(message: StoredMessage): void {
    const heading = this.#heading(message, 'deletes');
    this.#add({
      channel: message.channel,
      only: message.visibleTo,
      reader: this.#readerOf(message),
      draw: () => [heading],
    });
  }

  /** Discord refused a request of the bot: nobody sees that, but whoever reads the transcript should. */
  requestRefused(method: string, path: string, refusal: DiscordError): void {
    const lines = [
      `${INDENT}✗ Discord refuses ${method} ${visible(path)}: ${refusal.status} ${refusal.message}`,
      ...refusal.lines().map((line) => `${INDENT}  ${visible(line)}`),
    ];
    this.#entries.push(lines);
    this.#print(() => lines);
  }

  #addMessage(message: StoredMessage, verb: string, before: StoredMessage | undefined): void {
    // Fields are replaced, never changed in place, so that this stays as it looks now.
    const snapshot = { ...message };
    this.#snapshots.set(message.id, snapshot);
    const nowMs = discordNow();
    const loading = (snapshot.flags & MessageFlags.Loading) !== 0;
    const heading = this.#heading(snapshot, loading ? 'is thinking of' : verb);
    const draw = (reader: StandInUser): string[] => {
      if (loading) return [heading];
      const old = before && new Set(messageLines(this.#world, before, reader, nowMs));
      const lines = messageLines(this.#world, snapshot, reader, nowMs);
      return [heading, ...lines.map((line) => (old && !old.has(line) ? NEW_LINE : INDENT) + line)];
    };
    this.#add({ channel: snapshot.channel, only: snapshot.visibleTo, reader: this.#readerOf(snapshot), draw });
  }

  #heading(message: StoredMessage, verb: string): string {
    const { origin, visibleTo, channel } = message;
    const to = origin ? ` for ${displayName(origin.user)}` : '';
    const { users, roles, everyone } = pingsOf(this.#world, message);
    const names = [
      ...(everyone ? ['everyone'] : []),
      ...users.map(displayName),
      ...roles.map(({ name }) => visible(name)),
    ];
    const notes = [
      ...(visibleTo ? [`only ${displayName(visibleTo)} sees this`] : []),
      ...(message.flags & MessageFlags.Loading ? [] : [`pings: ${names.join(', ') || 'nobody'}`]),
    ];
    const number = this.#numbers.get(message.id) ?? 0;
    const told = notes.length === 0 ? '' : ` (${notes.join(' · ')})`;
    const author = message.author ? displayName(message.author) : `${displayName(this.#world.bot)} BOT`;
    return `#${channel.name}  ${author} ${verb} message ${number}${to}${told}`;
  }

  #readerOf(message: StoredMessage): StandInUser {
    const { ownerId } = this.#world.guildOf(message.channel);
    return message.visibleTo ?? message.origin?.user ?? this.#world.users.get(ownerId) ?? this.#world.bot;
  }

  #linesFor(entry: Entry | string[], reader: StandInUser | undefined): string[] {
    if (Array.isArray(entry)) return reader ? [] : entry;
    if (!reader) return entry.draw(entry.reader);
    const seen = entry.only ? entry.only.id === reader.id : this.#world.guildOf(entry.channel).members.has(reader.id);
    return seen ? entry.draw(reader) : [];
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.#print(() => entry.draw(entry.reader));
  }

  #print(draw: () => readonly string[]): void {
    if (this.#listeners.length === 0) return;
    for (const line of draw()) for (const listener of this.#listeners) listener(line);
  }
}
