/** Roles on Discord, as giving them needs it. */

/** The roles of a server, and what the bot may do with them, as of one moment. */
export type GuildRoles = {
  /** A hash of all that decides which roles can be given. */
  version: string;
  /** Why a role cannot be given as a reward, and what to change; undefined where it can. */
  whyNot: (roleId: string) => string | undefined;
  /** Why a role cannot be taken, and what to change: what must not be given can be taken all the same. */
  whyNotTake: (roleId: string) => string | undefined;
  /** Whether there is a role at all. */
  has: (roleId: string) => boolean;
  /** The role of a name: the only one, whatever the case of its letters. */
  named: (name: string) => { roleId: string } | { problem: string };
};

/** A member of a server. */
export type GuildMember = {
  roleIds: ReadonlySet<string>;
  /** When this stay began; undefined where Discord does not tell. */
  joinedAt: Date | undefined;
};

/**
 * What became of giving or taking a role. `absent`: the user is not in the server. `refused`: asking again for this role,
 * or for this role of this user, is no use.
 */
export type RoleOutcome = { done: true } | { absent: true } | { refused: 'role' | 'user'; reason: string };

/** Gives and takes roles of Discord. Each call throws {@link PutOff} where Discord cannot be asked now. */
export type RoleGiver = {
  /** Reads the roles of a server. @throws NotInGuild */
  readGuild(guildId: string): Promise<GuildRoles>;
  /** Reads a member; undefined where the user is not in the server. */
  readMember(guildId: string, userId: string): Promise<GuildMember | undefined>;
  /** Makes a member have a role, or not. Safe to repeat. `reason` is shown in the server's audit log. */
  setRole(guildId: string, userId: string, roleId: string, has: boolean, reason: string): Promise<RoleOutcome>;
};

/** Nobody is to blame: it is tried again by itself. The message says why, for admins. */
export class PutOff extends Error {
  override readonly name = 'PutOff';
  /** When it may be tried again. */
  readonly afterMs: number;

  constructor(message: string, afterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.afterMs = afterMs;
  }
}

/** The bot is not in the server. */
export class NotInGuild extends PutOff {}

/**
 * Reads the roles of a server anew, to show what would be done; undefined: the bot is not in it.
 *
 * @throws DomainError `unavailable` where Discord cannot be asked now
 */
export type ReadGuildRoles = (guildId: string) => Promise<GuildRoles | undefined>;

/** For where Discord cannot be asked: what cannot be given turns out when it is due. */
export const assumeAnyRole: ReadGuildRoles = () =>
  Promise.resolve({
    version: '',
    whyNot: () => undefined,
    whyNotTake: () => undefined,
    has: () => true,
    named: (name) => ({ problem: `The role "${name}" is looked for when it is given.` }),
  });
