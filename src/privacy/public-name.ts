/**
 * What everybody may see of a member. Whatever is read by everybody goes through here: boards, quests, announcements,
 * final tables. Admins and the member see the rest. In statements the row of `members` is called `m`.
 */
import { sql } from 'kysely';

/** The handle: a pseudonym of whoever is hidden. */
export const PUBLIC_HANDLE = sql<string>`coalesce(m.hidden_as, m.handle)`;

/** The name: the pseudonym, too. */
export const PUBLIC_NAME = sql<string>`coalesce(m.hidden_as, m.display_name)`;

/** The name that announcements tell: of nobody who does not want to be named. */
export const ANNOUNCED_NAME = sql<string>`case when m.no_mention then 'Somebody' else ${PUBLIC_NAME} end`;

/** The Discord account, where the member agreed and is not hidden. */
export const SHOWN_DISCORD_USER = sql<string | null>`case when m.shows_discord and m.hidden_as is null
  then coalesce(m.discord_user_id, substring(m.handle from '^discord-([0-9]{1,20})$')) end`;
