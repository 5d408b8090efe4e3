import type { InteractionType } from 'discord.js';
import { discordNow } from './clock.ts';
import type { Component } from './component.ts';
import { newSnowflake } from './snowflakes.ts';
import type { StandInMessage } from './stand-in-message.ts';
import type { StandInChannel, StandInUser, StoredMessage } from './world.ts';

/** The first response must come within this time of the dispatch. */
const FIRST_RESPONSE_MS = 3_000;
/** Follow-ups and edits are accepted for this long. */
const TOKEN_LIFE_MS = 15 * 60 * 1_000;

/** A form that the bot opened in answer to an interaction. */
export type StandInModal = {
  readonly customId: string;
  readonly title: string;
  readonly components: readonly Component[];
};

/** What an interaction is about. */
export type InteractionSubject = {
  type: InteractionType;
  user: StandInUser;
  channel: StandInChannel;
  /** The command's name, for the line above its answer. */
  name?: string;
  /** The message whose button or select it was. */
  source?: StoredMessage;
};

/**
 * What a user did, and what came of it. The promises reject with what the user would see instead: "did not respond" after
 * 3 s, or what Discord itself refuses (no permission, no such command), which is in `error` at once.
 */
export class Interaction {
  readonly id = newSnowflake();
  readonly token = `interaction-${this.id}`;
  readonly subject: InteractionSubject;
  /** The first response came, be it a deferral. */
  readonly acknowledged: Promise<void>;
  /** The first content to be seen: the reply, the edit after a deferral, or the updated message. */
  readonly answer: Promise<StandInMessage>;
  /** The form, if one is opened. */
  readonly modal: Promise<StandInModal>;
  /** The choices, for an autocomplete. */
  readonly choices: Promise<{ name: string; value: string | number }[]>;
  /** What went wrong for the user. */
  error: Error | undefined;
  /** Where edits of `@original` go, once there is a message. */
  original: StoredMessage | undefined;
  /** The form that is open, once it is. */
  opened: StandInModal | undefined;
  state: 'waiting' | 'acknowledged' | 'over' = 'waiting';

  readonly #acknowledged = Promise.withResolvers<void>();
  readonly #answer = Promise.withResolvers<StandInMessage>();
  readonly #modal = Promise.withResolvers<StandInModal>();
  readonly #choices = Promise.withResolvers<{ name: string; value: string | number }[]>();
  readonly #startedAt = discordNow();
  #deadline: NodeJS.Timeout | undefined;

  constructor(subject: InteractionSubject) {
    this.subject = subject;
    this.acknowledged = this.#acknowledged.promise;
    this.answer = this.#answer.promise;
    this.modal = this.#modal.promise;
    this.choices = this.#choices.promise;
    // A test looks at the one it cares for: the others must not count as unhandled.
    for (const promise of [this.acknowledged, this.answer, this.modal, this.choices]) promise.catch(() => undefined);
  }

  /** Whether what is to be seen is for the user alone. False until there is something to see. */
  ephemeral(): boolean {
    return this.original?.visibleTo !== undefined;
  }

  /** Whether edits and follow-ups are still accepted. */
  get tokenAlive(): boolean {
    return discordNow() - this.#startedAt < TOKEN_LIFE_MS;
  }

  /** It went out: the 3 s run. `expired` is called when they are over. */
  start(expired: () => void): void {
    this.#deadline = setTimeout(() => {
      this.fail(new Error(`The application did not respond within ${FIRST_RESPONSE_MS / 1_000} s.`));
      expired();
    }, FIRST_RESPONSE_MS);
    this.#deadline.unref();
  }

  /** The first response came. */
  acknowledge(): void {
    clearTimeout(this.#deadline);
    this.state = 'acknowledged';
    this.#acknowledged.resolve();
  }

  /** There is something to be seen. Only the first time counts. */
  show(message: StandInMessage): void {
    this.#answer.resolve(message);
  }

  /** A form opened: there will be no answer, but one to the form. */
  open(modal: StandInModal): void {
    this.opened = modal;
    this.#modal.resolve(modal);
    this.#answer.reject(new Error(`A form ("${modal.title}") was opened instead of an answer.`));
  }

  /** The choices of an autocomplete came. */
  choose(choices: { name: string; value: string | number }[]): void {
    this.#choices.resolve(choices);
  }

  /** It came to nothing. What has been seen before stays. */
  fail(error: Error): void {
    clearTimeout(this.#deadline);
    if (this.state === 'waiting') this.state = 'over';
    this.error ??= error;
    for (const promise of [this.#acknowledged, this.#answer, this.#modal, this.#choices]) promise.reject(error);
  }
}
