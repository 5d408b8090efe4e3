import { discordNow } from '../clock.ts';

/** So many requests within so long, counted from the first. */
type Limit = { requests: number; withinMs: number };

/** The published limit of a bot. */
const OF_BOT: Limit = { requests: 50, withinMs: 1_000 };
/** What Discord's headers say of giving roles and of taking them: it publishes no limits of routes. */
const OF_ROLES: Limit = { requests: 10, withinMs: 10_000 };
const ROLES = /^(PUT|DELETE) \/guilds\/(\d+)\/members\/\d+\/roles\/\d+/;

type Count = { left: number; endsAt: number };

/** What a request is answered by limits: headers for the client to keep to, and whether it came in spite of them. */
export type Limited = {
  headers: Record<string, string>;
  refused: { retryAfterS: number; isGlobal: boolean } | undefined;
};

/** Discord's limits of requests: of the bot, and of what is limited by guild. */
export class RateLimits {
  readonly #counts = new Map<string, Count>();

  /** Counts a request. */
  take(method: string, path: string): Limited {
    const ofBot = this.#count('bot', OF_BOT);
    if (ofBot.refused) return { headers: {}, refused: { retryAfterS: ofBot.endsInS, isGlobal: true } };
    const [found, verb, guildId] = ROLES.exec(`${method} ${path}`) ?? [];
    if (found === undefined) return { headers: {}, refused: undefined };
    const { left, refused, endsInS } = this.#count(`${verb} ${guildId}`, OF_ROLES);
    const headers = {
      'x-ratelimit-bucket': `${verb} member-roles`,
      'x-ratelimit-limit': String(OF_ROLES.requests),
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset-after': String(endsInS),
    };
    return { headers, refused: refused ? { retryAfterS: endsInS, isGlobal: false } : undefined };
  }

  #count(key: string, { requests, withinMs }: Limit): { left: number; refused: boolean; endsInS: number } {
    const now = discordNow();
    const known = this.#counts.get(key);
    const count = known && now < known.endsAt ? known : { left: requests, endsAt: now + withinMs };
    this.#counts.set(key, count);
    const refused = count.left === 0;
    if (!refused) count.left -= 1;
    return { left: count.left, refused, endsInS: (count.endsAt - now) / 1_000 };
  }
}
