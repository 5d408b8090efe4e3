import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, RESTJSONErrorCodes } from 'discord.js';

/** Whether an interaction had been answered, or waited for too long, before this answer reached Discord. */
export function isAnsweredAlready(error: unknown): boolean {
  return hasCode(error, [
    RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged,
    RESTJSONErrorCodes.UnknownInteraction,
  ]);
}

/** Whether the message to be changed was dismissed or deleted, or its interaction is over 15 minutes old. */
export function isGone(error: unknown): boolean {
  return hasCode(error, [
    RESTJSONErrorCodes.UnknownMessage,
    RESTJSONErrorCodes.UnknownWebhook,
    RESTJSONErrorCodes.UnknownChannel,
    RESTJSONErrorCodes.InvalidWebhookToken,
  ]);
}

/**
 * What an error of connecting says if it will not pass by itself: a sentence on what to do. Undefined: worth another try.
 */
export function refusalToConnect(error: unknown): string | undefined {
  if (error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid) return WRONG_TOKEN;
  const message = error instanceof Error ? error.message : '';
  return GATEWAY_REFUSALS.find(([text]) => message === text)?.[2];
}

/** What a close code of the gateway says, if Discord will not have the bot back. */
export function refusalOfClose(code: number): string | undefined {
  return GATEWAY_REFUSALS.find(([, closeCode]) => closeCode === code)?.[2];
}

const WRONG_TOKEN = 'Discord does not know the token. Set DISCORD_TOKEN to the one of the application, and restart.';
const NOT_THIS_VERSION = 'Discord refuses how this version connects. Update the bot, and restart.';

/** As `@discordjs/ws` says it, the close code, and what to do. */
const GATEWAY_REFUSALS: readonly (readonly [string, number, string])[] = [
  ['Authentication failed', 4004, WRONG_TOKEN],
  ['Invalid shard', 4010, NOT_THIS_VERSION],
  [
    'Sharding is required',
    4011,
    'The bot is in too many servers for one connection. This version cannot be spread over several.',
  ],
  ['Used an invalid API version', 4012, NOT_THIS_VERSION],
  ['Used invalid intents', 4013, NOT_THIS_VERSION],
  [
    'Used disallowed intents',
    4014,
    'Discord refuses the intents of the bot, although it asks for guilds alone. Check the application in the developer portal, and restart.',
  ],
];

function hasCode(error: unknown, codes: readonly (number | string)[]): boolean {
  return error instanceof DiscordAPIError && codes.includes(error.code);
}
