import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../demo/random.ts';
import type { StandInChannel, StandInRole, StandInUser } from '../support/discord/world.ts';
import type { Installation } from './installation.ts';
import { CATEGORIES } from './ledger.ts';

const LONGEST_PAUSE_MS = 300;
const MEMBERS = 10;
const SLUGS = Object.keys(CATEGORIES) as [string, ...string[]];

/** The people of the guild: they look at boards and join quests, whether somebody answers or not, leave, and come back. */
export class People {
  readonly users: readonly StandInUser[];
  readonly #installation: Installation;
  readonly #random: Random;
  readonly #channel: StandInChannel;
  readonly #away = new Set<StandInUser>();

  constructor(installation: Installation, random: Random) {
    this.#installation = installation;
    this.#random = random;
    this.#channel = installation.guild.createChannel({ name: 'talk' });
    this.users = Array.from({ length: MEMBERS }, (_, n) =>
      installation.discord.createUser({ username: `person-${n}` }),
    );
    for (const user of this.users) installation.guild.addMember(user);
  }

  /** Those who are in the guild. */
  present(): StandInUser[] {
    return this.users.filter((user) => !this.#away.has(user));
  }

  rolesOf(user: StandInUser): StandInRole[] {
    return this.#installation.guild.rolesOf(user);
  }

  async live({ ending }: { ending: AbortSignal }): Promise<void> {
    while (!ending.aborted) {
      if (this.#random() < 0.02) this.#comeOrGo();
      else this.#ask();
      await sleep(this.#random() * LONGEST_PAUSE_MS);
    }
  }

  /** Looks at a board, and tells whether somebody answered with it. */
  async look(category: string): Promise<string> {
    const { discord, guild } = this.#installation;
    const answer = await discord.runCommand(guild.owner, this.#channel, 'leaderboard', { category, window: 'all' })
      .answer;
    return answer.text();
  }

  #ask(): void {
    const present = this.present();
    const user = present[Math.floor(this.#random() * present.length)];
    if (!user) return;
    const { discord } = this.#installation;
    // Nobody may be there to answer: what a person sees then is Discord's own words.
    if (this.#random() < 0.8) {
      discord.runCommand(user, this.#channel, 'leaderboard', { category: pick(this.#random, SLUGS) });
    } else {
      discord.runCommand(user, this.#channel, 'quest list');
    }
  }

  #comeOrGo(): void {
    const { guild } = this.#installation;
    const user = pick(this.#random, this.users as [StandInUser, ...StandInUser[]]);
    if (this.#away.delete(user)) guild.addMember(user);
    else {
      this.#away.add(user);
      guild.removeMember(user);
    }
  }
}
