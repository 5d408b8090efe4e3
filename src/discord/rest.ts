/** Calls to Discord that do not come from an interaction, and what their failures mean. */
import { DiscordAPIError, HTTPError, RateLimitError, REST, RESTJSONErrorCodes } from 'discord.js';
import { SendError } from '../announcements/messenger.ts';

/** How long a request may take: what takes longer is looked after later. */
const TIMEOUT_MS = 5_000;
/** How long to leave Discord alone that does not know the token. */
const WRONG_TOKEN_PAUSE_MS = 5 * 60_000;

/** What fails before anything has reached Discord. */
const NEVER_ARRIVED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Opens Discord's REST API for the worker. It repeats nothing and waits for nothing by itself: whoever calls knows
 * whether a thing may be said twice, and when to try again.
 *
 * @param apiUrl another server that speaks Discord's API
 */
export function openRest(token: string, apiUrl: string | undefined): REST {
  return new REST({
    ...(apiUrl === undefined ? {} : { api: apiUrl }),
    retries: 0,
    timeout: TIMEOUT_MS,
    rejectOnRateLimit: () => true,
  }).setToken(token);
}

/** What the failure of a call means, in words for an admin. */
export function explainFailure(error: unknown): SendError {
  if (error instanceof RateLimitError) {
    return new SendError('later', 'Discord asks to wait.', { cause: error, retryAfterMs: error.retryAfter });
  }
  if (error instanceof DiscordAPIError && error.status === 401) {
    const text =
      'Discord does not know the token of the bot. Set DISCORD_TOKEN to the one of the application, and restart.';
    return new SendError('later', text, { cause: error, retryAfterMs: WRONG_TOKEN_PAUSE_MS });
  }
  if (error instanceof DiscordAPIError) {
    const isGone = error.code === RESTJSONErrorCodes.UnknownChannel;
    return new SendError('refused', explainCode(error), { cause: error, isGone });
  }
  if (error instanceof HTTPError) {
    return new SendError('unsure', `Discord answered with status ${error.status}.`, { cause: error });
  }
  const code = codeOf(error);
  if (code !== undefined && NEVER_ARRIVED.has(code)) {
    return new SendError('later', `Discord cannot be reached (${code}).`, { cause: error });
  }
  return new SendError('unsure', `Discord did not answer (${code ?? String(error)}).`, { cause: error });
}

function explainCode({ code, message }: DiscordAPIError): string {
  switch (code) {
    case RESTJSONErrorCodes.UnknownChannel:
      return 'The channel is not there any more. Choose another one with /setup channel: or review-channel:, and what is of use still is said there.';
    case RESTJSONErrorCodes.MissingAccess:
      return 'The bot cannot see the channel. Allow "View Channel" in its settings, under Permissions, and try it again.';
    case RESTJSONErrorCodes.MissingPermissions:
      return 'The bot may not do this here. Allow what it needs ("Send Messages" in a channel), and try it again.';
    case RESTJSONErrorCodes.CannotSendMessagesToThisUser:
      return 'This person takes no private messages from the bot.';
    default:
      return `Discord refused it: ${message} (${code}).`;
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'AbortError' ? 'no answer in time' : codeOf(error.cause);
}
