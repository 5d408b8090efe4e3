import { ButtonStyle, ComponentType, MessageFlags, type APIAttachment } from 'discord.js';
import { SELECT_TYPES, walkComponents, type Component } from './component.ts';
import { visibleText } from './transcript/message-lines.ts';
import type { StandInUser, StoredMessage, World } from './world.ts';

/** A message as a test reads it. It is live: after an edit it tells what stands there then. */
export class StandInMessage {
  readonly id: string;
  readonly channelId: string;
  readonly #world: World;
  readonly #message: StoredMessage;

  constructor(world: World, message: StoredMessage) {
    this.id = message.id;
    this.channelId = message.channel.id;
    this.#world = world;
    this.#message = message;
  }

  get flags(): number {
    return this.#message.flags;
  }

  get content(): string {
    return this.#message.content;
  }

  /** The components as Discord returns them, each with its `id`. */
  get components(): readonly Component[] {
    return this.#message.components;
  }

  /** The files that came with it. */
  get attachments(): readonly APIAttachment[] {
    return this.#message.attachments;
  }

  get ephemeral(): boolean {
    return (this.flags & MessageFlags.Ephemeral) !== 0;
  }

  get deleted(): boolean {
    return this.#message.deleted;
  }

  /** All words of the message as a person reads them: Markdown drawn, mentions by name, timestamps in the reader's zone. */
  text(reader: StandInUser = this.#message.visibleTo ?? this.#message.origin?.user ?? this.#world.bot): string {
    return visibleText(this.#world, this.#message, reader);
  }

  /** The buttons that can be pressed or are greyed out, links included (these have no custom id). */
  buttons(): { label: string; customId: string | undefined; disabled: boolean; style: ButtonStyle }[] {
    return [...walkComponents(this.components)]
      .filter(({ type }) => type === ComponentType.Button)
      .map(({ label, emoji, custom_id, disabled, style }) => ({
        label: label ?? emoji?.name ?? '',
        customId: custom_id,
        disabled: disabled ?? false,
        style: style ?? ButtonStyle.Secondary,
      }));
  }

  /** The selects with what can be chosen (nothing listed for users, roles and channels) and what is chosen. */
  selects(): {
    customId: string;
    placeholder: string;
    disabled: boolean;
    options: { label: string; value: string; default: boolean }[];
  }[] {
    return [...walkComponents(this.components)]
      .filter(({ type }) => SELECT_TYPES.has(type))
      .map(({ custom_id, placeholder, disabled, options }) => ({
        customId: custom_id ?? '',
        placeholder: placeholder ?? '',
        disabled: disabled ?? false,
        options: (options ?? []).map((option) => ({
          label: option.label,
          value: option.value,
          default: option.default ?? false,
        })),
      }));
  }
}
