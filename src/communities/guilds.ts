/** Which community a Discord guild has. A guild is known here by its id, its name and its locale; a community has at most one. */
import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { checkText, NAME } from '../text.ts';
import { createCommunity } from './communities.ts';
import { findRolesAgain, leaveRolesBehind } from '../rewards/roles-left-behind.ts';
import { lockCommunity, touchConfig } from './lock.ts';
import { removeIfUnused } from './remove-community.ts';
import { requireLocale } from './settings.ts';

export type Guild = { id: string; name: string; locale: string };

/** The community that the installation was made with, and the guild that the operator gives it to, if any. */
export type Home = { slug: string; guildId: string | undefined };

type HomeRow = { community_id: number; slug: string; discord_guild_id: string | null };

/** Who acts where no person does. */
const BOT: Actor = { name: 'Discord bot' };

/**
 * Sees to it that a guild has a community: the home one where the operator says so, else an unlisted one of its own,
 * to be completed by its admins. Safe to repeat, and from several processes at once.
 */
export async function ensureGuildCommunity(db: Kysely<Database>, guild: Guild, home: Home, now: Date): Promise<void> {
  if (guild.id === home.guildId && (await bindHome(db, home.slug, guild, now))) return;
  if (await isBound(db, guild.id)) return;
  try {
    if (await bindOwn(db, guild, now)) return;
    await createCommunity(
      db,
      {
        slug: ownSlug(guild.id),
        name: nameOf(guild),
        timeZone: 'UTC',
        locale: localeOf(guild),
        visibility: 'unlisted',
        discordGuildId: guild.id,
      },
      BOT,
      now,
    );
  } catch (error) {
    // Another process was faster.
    if (!(await isBound(db, guild.id))) throw error;
  }
}

/** The home community's name, if it waits for a guild whose admin takes it. */
export async function unclaimedHome(db: Kysely<Database>, home: Home): Promise<string | undefined> {
  if (home.guildId !== undefined) return undefined;
  const row = await db
    .selectFrom('communities')
    .select('name')
    .where('slug', '=', home.slug)
    .where('discord_guild_id', 'is', null)
    .executeTakeFirst();
  return row?.name;
}

/**
 * Gives the home community to a guild; the first one to ask gets it. A community of its own that the guild had is
 * removed if nothing was recorded in it, else kept without a guild. Safe to repeat.
 *
 * @throws DomainError `state-conflict` when another guild has it, `unknown-community` when there is none
 */
export async function claimHome(
  db: Kysely<Database>,
  home: Home,
  guild: Guild,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await lockHome(trx, home.slug);
    if (!row) throw new DomainError('unknown-community', `There is no community "${home.slug}" to take.`);
    if (row.discord_guild_id === guild.id) return;
    if (row.discord_guild_id !== null || home.guildId !== undefined) {
      throw new DomainError(
        'state-conflict',
        `The community "${home.slug}" belongs to another server. Only whoever operates the bot can move it, by DISCORD_GUILD_ID.`,
      );
    }
    await giveHome(trx, row, guild, actor, now);
  });
}

/** @returns false when there is no home community. */
async function bindHome(db: Kysely<Database>, slug: string, guild: Guild, now: Date): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const row = await lockHome(trx, slug);
    if (row && row.discord_guild_id !== guild.id) await giveHome(trx, row, guild, BOT, now);
    return row !== undefined;
  });
}

async function lockHome(trx: Transaction<Database>, slug: string): Promise<HomeRow | undefined> {
  return trx
    .selectFrom('communities')
    .select(['community_id', 'slug', 'discord_guild_id'])
    .where('slug', '=', slug)
    .forUpdate()
    .executeTakeFirst();
}

/** Moves the home community, which is locked, to a guild. The guild's own one is locked second, and nobody locks them the other way round. */
async function giveHome(
  trx: Transaction<Database>,
  home: HomeRow,
  guild: Guild,
  actor: Actor,
  now: Date,
): Promise<void> {
  await releaseOwn(trx, guild, actor, now);
  const before = home.discord_guild_id;
  const rolesToTake = before === null ? 0 : await leaveRolesBehind(trx, home.community_id, before, now);
  await findRolesAgain(trx, home.community_id, guild.id);
  await trx
    .updateTable('communities')
    // Channels chosen before lie in another guild.
    .set({ discord_guild_id: guild.id, discord_channel_id: null, discord_review_channel_id: null })
    .where('community_id', '=', home.community_id)
    .execute();
  await touchConfig(trx, home.community_id);
  await writeAudit(trx, {
    communityId: home.community_id,
    at: now,
    actor,
    action: 'community.guild',
    target: home.slug,
    before: { guildId: before },
    after: { guildId: guild.id, ...(rolesToTake > 0 ? { rolesToTake } : {}) },
  });
}

async function releaseOwn(trx: Transaction<Database>, guild: Guild, actor: Actor, now: Date): Promise<void> {
  const own = await trx
    .selectFrom('communities')
    .select(['community_id', 'slug'])
    .where('discord_guild_id', '=', guild.id)
    .executeTakeFirst();
  if (!own) return;
  const communityId = own.community_id;
  await lockCommunity(trx, communityId);
  if (await removeIfUnused(trx, communityId)) return;
  const rolesToTake = await leaveRolesBehind(trx, communityId, guild.id, now);
  await trx
    .updateTable('communities')
    .set({ discord_guild_id: null, discord_channel_id: null, discord_review_channel_id: null })
    .where('community_id', '=', communityId)
    .execute();
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'community.guild',
    target: own.slug,
    before: { guildId: guild.id },
    after: { guildId: null, ...(rolesToTake > 0 ? { rolesToTake } : {}) },
  });
}

/** Gives back to a guild the community that was its own before it had the home one. */
async function bindOwn(db: Kysely<Database>, guild: Guild, now: Date): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const own = await trx
      .updateTable('communities')
      .set({ discord_guild_id: guild.id })
      .where('slug', '=', ownSlug(guild.id))
      .where('discord_guild_id', 'is', null)
      .returning(['community_id', 'slug'])
      .executeTakeFirst();
    if (!own) return false;
    await findRolesAgain(trx, own.community_id, guild.id);
    await touchConfig(trx, own.community_id);
    await writeAudit(trx, {
      communityId: own.community_id,
      at: now,
      actor: BOT,
      action: 'community.guild',
      target: own.slug,
      before: { guildId: null },
      after: { guildId: guild.id },
    });
    return true;
  });
}

async function isBound(db: Kysely<Database>, guildId: string): Promise<boolean> {
  const row = await db
    .selectFrom('communities')
    .select('community_id')
    .where('discord_guild_id', '=', guildId)
    .executeTakeFirst();
  return row !== undefined;
}

function ownSlug(guildId: string): string {
  return `guild-${guildId}`;
}

/** A guild's name keeps other rules than a community's. */
function nameOf(guild: Guild): string {
  const checked = checkText(guild.name, NAME);
  return 'text' in checked ? checked.text : `Server ${guild.id}`;
}

function localeOf(guild: Guild): string {
  try {
    return requireLocale(guild.locale);
  } catch {
    return 'en';
  }
}
