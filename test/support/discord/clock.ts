let aheadMs = 0;

/** The time on Discord, in milliseconds since 1970: the real one, unless it was moved. One for all stand-ins of a process. */
export function discordNow(): number {
  return Date.now() + aheadMs;
}

/** Moves the time on Discord ahead of the real one: where a bot lives by a clock of its own, the two must agree. */
export function moveDiscordClock(ms: number): void {
  aheadMs = ms;
}
