import type { REST } from 'discord.js';
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { openRest } from '../../src/discord/rest.ts';
import { createGuildRolesReader } from '../../src/discord/role-checker.ts';
import { createRoleGiver } from '../../src/discord/role-giver.ts';
import { linkDiscordUser, createLinkCode } from '../../src/members/link.ts';
import { unlinkMember } from '../../src/members/unlink.ts';
import { retryGrant } from '../../src/rewards/administer-grants.ts';
import { makeGrants, takeBackGrants } from '../../src/rewards/grants.ts';
import type { RolePlan } from '../../src/rewards/plan-roles.ts';
import { previewRoles } from '../../src/rewards/preview-roles.ts';
import { reconcileRoles } from '../../src/rewards/reconcile-roles.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import type { RoleGiver } from '../../src/rewards/role-giver.ts';
import { recording, TESTER } from './communities.ts';
import type { StandInGuild } from './discord/guild.ts';
import type { DiscordStandIn } from './discord/stand-in.ts';
import type { StandInRole, StandInUser } from './discord/world.ts';
import { Outbox } from './outbox.ts';

export const DAY_MS = 24 * 3_600_000;

/** A connection that does not keep itself to Discord's 50 requests a second: a test lets weeks pass within one. */
function openHurriedRest(token: string, apiUrl: string): REST {
  const rest = openRest(token, apiUrl);
  rest.options.globalRequestsPerSecond = Number.MAX_SAFE_INTEGER;
  rest.globalRemaining = Number.MAX_SAFE_INTEGER;
  return rest;
}

/** One request to Discord about a member or a member's role, as `GET ada` or `PUT ada Champion`. */
export type Asked = string;

/** A community in a guild of a stand-in, whose members are granted roles. The clock is the real one, moved by `pass`. */
export class RoleScene {
  readonly outbox: Outbox;
  readonly context: ReturnType<typeof recording>;
  #giver: RoleGiver;
  readonly #users = new Map<string, StandInUser>();
  readonly #memberIds = new Map<string, number>();
  #seen = 0;

  private constructor(outbox: Outbox) {
    this.outbox = outbox;
    this.context = recording(outbox.db);
    this.#giver = this.giverAt(this.discord.apiUrl);
  }

  /** Opens one for a test, with Ada in the guild and linked. */
  static async open(db: Kysely<Database>, options: { rateLimits?: boolean } = {}): Promise<RoleScene> {
    const scene = new RoleScene(await Outbox.open(db, { channel: false, ...options }));
    await scene.addMember('ada');
    return scene;
  }

  get db(): Kysely<Database> {
    return this.outbox.db;
  }
  get discord(): DiscordStandIn {
    return this.outbox.discord;
  }
  get guild(): StandInGuild {
    return this.outbox.guild;
  }
  get communityId(): number {
    return this.outbox.communityId;
  }

  /** A person of the guild, or of none. */
  user(name: string): StandInUser {
    const known = this.#users.get(name) ?? this.discord.createUser({ username: name });
    this.#users.set(name, known);
    return known;
  }

  /** A member of the community: linked with the person of that name, or not, or known as `discord-<id>`. */
  async addMember(
    name: string,
    { as = 'linked', inGuild = true }: { as?: 'linked' | 'alone' | 'discord'; inGuild?: boolean } = {},
  ): Promise<void> {
    await this.addMembers([{ name, as, inGuild }]);
  }

  async addMembers(
    members: readonly { name: string; as: 'linked' | 'alone' | 'discord'; inGuild: boolean }[],
  ): Promise<void> {
    const now = this.outbox.now();
    const rows = members.map(({ name, as, inGuild }) => {
      const { id } = this.user(name);
      if (inGuild) this.guild.addMember(this.user(name));
      this.#memberIds.set(name, this.#memberIds.size + 1);
      return {
        community_id: this.communityId,
        member_id: this.memberId(name),
        handle: as === 'discord' ? `discord-${id}` : name,
        display_name: name,
        display_name_at: now,
        discord_user_id: as === 'linked' ? id : null,
        created_at: now,
      };
    });
    await this.db.insertInto('members').values(rows).execute();
  }

  memberId(name: string): number {
    const id = this.#memberIds.get(name);
    if (id === undefined) throw new Error(`${name} is no member.`);
    return id;
  }

  /** Grants something: a role of the guild, unless told otherwise. */
  async grant(name: string, role: Pick<StandInRole, 'id'> | Reward, key: string): Promise<void> {
    await this.grantAll([{ name, role }], key);
  }

  async grantAll(
    gifts: readonly { name: string; role: Pick<StandInRole, 'id'> | Reward }[],
    key: string,
  ): Promise<void> {
    const entitlements = gifts.map(({ name, role }) => ({
      key: `${key} ${name}`,
      memberId: this.memberId(name),
      reward: 'kind' in role ? role : ({ kind: 'role', roleId: role.id } as const),
      reason: `Quest: ${key}`,
    }));
    await this.db.transaction().execute((trx) => makeGrants(trx, this.communityId, entitlements, this.outbox.now()));
  }

  async takeBack(name: string, key: string): Promise<void> {
    await this.db
      .transaction()
      .execute((trx) => takeBackGrants(trx, this.communityId, [`${key} ${name}`], 'It ended', this.outbox.now()));
  }

  /** An admin has the first grant of a member tried again. */
  async retry(name: string): Promise<void> {
    const { grant_id } = await this.db
      .selectFrom('grants')
      .select('grant_id')
      .where('community_id', '=', this.communityId)
      .where('member_id', '=', this.memberId(name))
      .orderBy('grant_id')
      .limit(1)
      .executeTakeFirstOrThrow();
    await retryGrant(this.db, this.communityId, grant_id, TESTER, this.outbox.now());
  }

  async link(name: string): Promise<void> {
    const { communityId, context, outbox } = this;
    const { code } = await createLinkCode(context, communityId, name, TESTER, outbox.now());
    await linkDiscordUser(context, communityId, { code, discordUserId: this.user(name).id }, TESTER, outbox.now());
  }

  async unlink(name: string): Promise<void> {
    await unlinkMember(this.context, this.communityId, name, TESTER, this.outbox.now());
  }

  /** What asks Discord, at some address. */
  giverAt(apiUrl: string): RoleGiver {
    return createRoleGiver(openHurriedRest(this.discord.token, apiUrl));
  }

  /** From now on the worker is another one, which knows of no limit that Discord has told. */
  renewConnection(): void {
    this.#giver = this.giverAt(this.discord.apiUrl);
  }

  /** Lets a worker compare the roles, once. */
  async run(giver: RoleGiver = this.#giver): Promise<Date | undefined> {
    return reconcileRoles(this.db, giver, { clock: this.outbox.now, stopping: new AbortController().signal });
  }

  /** What a run would do now. */
  async plan(): Promise<RolePlan> {
    const readGuildRoles = createGuildRolesReader(openRest(this.discord.token, this.discord.apiUrl));
    const community = { id: this.communityId, discordGuildId: this.guild.id };
    return previewRoles({ db: this.db, readGuildRoles }, community, { limit: 1_000 });
  }

  pass(ms: number): void {
    this.outbox.pass(ms);
  }

  /** What Discord was asked about members since the last time, in order. */
  asked(): Asked[] {
    const names = new Map([...this.#users].map(([name, { id }]) => [id, name]));
    const requests = this.discord.requests.slice(this.#seen);
    this.#seen = this.discord.requests.length;
    return requests.flatMap(({ method, path }) => {
      const [, userId, roleId] = /^\/guilds\/\d+\/members\/(\d+)(?:\/roles\/(\d+))?$/.exec(path) ?? [];
      const name = names.get(userId ?? '');
      if (name === undefined) return [];
      return [roleId === undefined ? `${method} ${name}` : `${method} ${name} ${this.#roleName(roleId)}`];
    });
  }

  readonly #roles = new Map<string, string>();

  /** Makes a role that is called so in what was asked, too. */
  role(name: string, options: Omit<Parameters<StandInGuild['createRole']>[0], 'name'> = {}): StandInRole {
    const role = this.guild.createRole({ name, ...options });
    this.#roles.set(role.id, name);
    return role;
  }

  #roleName(id: string): string {
    return this.#roles.get(id) ?? id;
  }

  /** The names of the roles that somebody has. */
  rolesOf(name: string): string[] {
    return this.guild.rolesOf(this.user(name)).map((role) => role.name);
  }

  /** The states of a member's grants, in the order in which they were made, with their reasons. */
  async states(name: string): Promise<[string, string | null][]> {
    const rows = await this.db
      .selectFrom('grants')
      .select(['state', 'state_reason'])
      .where('community_id', '=', this.communityId)
      .where('member_id', '=', this.memberId(name))
      .orderBy('grant_id')
      .execute();
    return rows.map((row) => [row.state, row.state_reason]);
  }

  /** Requests that Discord objected to, as `PUT /guilds/…`, each as often as it came. */
  refused(): string[] {
    return this.discord.requests.flatMap(({ method, path, status }) =>
      status >= 400 && status < 500 && status !== 429 ? [`${method} ${path}`] : [],
    );
  }
}
