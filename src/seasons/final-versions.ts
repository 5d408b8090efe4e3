/** The versions of final tables, as rows. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { instants } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import type { TableSum } from './final-table.ts';

/** Why a version was made: the window closed; an admin amended it; somebody in it was hidden or deleted. */
type VersionReason = 'closed' | 'amended' | 'privacy';

/** A version of the final table of a category in a window. */
export type FinalVersion = {
  windowId: number;
  window: Window;
  categoryId: number;
  /** Undefined: nobody ever stood there. */
  boardId: number | undefined;
  version: number;
  /** What happened up to this sequence number of the community counts. */
  cutSeq: bigint;
  reason: VersionReason;
  note: string | undefined;
  actor: string;
  madeAt: Date;
  /** Goes up when names change before there is a hash. */
  revision: number;
  /** Undefined until its document has been read through. */
  sha256: string | undefined;
  members: number | undefined;
  /** The sum of all scores, in thousandths. */
  scoreTotal: bigint | undefined;
  /** Those who stand there and get no prize. */
  excluded: number[];
  /** How many rewards amending gives and takes back. */
  given: number;
  takenBack: number;
  /** It names somebody who is hidden or deleted by now. */
  isSuperseded: boolean;
};

type VersionRow = {
  window_id: number;
  kind: Window['kind'];
  key: string;
  starts_at: Date;
  ends_at: Date;
  category_id: number;
  board_id: number | null;
  version: number;
  cut_seq: bigint;
  reason: VersionReason;
  note: string | null;
  actor: string;
  made_at: Date;
  revision: number;
  sha256: string | null;
  members: number | null;
  score_total: string | null;
  excluded: number[];
  given: number;
  taken_back: number;
  replaced_by: number | null;
};

const COLUMNS = sql`v.window_id, w.kind, w.key, w.starts_at, w.ends_at, v.category_id, v.version, v.cut_seq, v.reason, v.note,
  v.actor, v.made_at, v.revision, v.sha256, v.members, v.score_total, v.excluded, v.given, v.taken_back, v.replaced_by, (
    select b.board_id from boards b
    where b.community_id = v.community_id and b.window_id = v.window_id and b.category_id = v.category_id
  ) as board_id`;

const FROM = sql`final_versions v join windows w on w.community_id = v.community_id and w.window_id = v.window_id`;

/** All versions of the final table of a category in a window, the oldest first; none before it is frozen. */
export async function readVersions(
  db: Kysely<Database>,
  communityId: number,
  { kind, key }: Pick<Window, 'kind' | 'key'>,
  categoryId: number,
): Promise<FinalVersion[]> {
  const { rows } = await sql<VersionRow>`
    select ${COLUMNS} from windows w join final_versions v on v.community_id = w.community_id and v.window_id = w.window_id
    where w.community_id = ${communityId} and w.kind = ${kind} and w.key = ${key} and v.category_id = ${categoryId}
    order by v.version`.execute(db);
  return rows.map(toVersion);
}

/** The newest version of each final table of a community, in the order in which windows ended. */
export async function readNewestVersions(db: Kysely<Database>, communityId: number): Promise<FinalVersion[]> {
  const { rows } = await sql<VersionRow>`
    select ${COLUMNS} from ${FROM}
    where v.community_id = ${communityId} and not exists (
      select from final_versions later
      where later.community_id = v.community_id and later.window_id = v.window_id and later.category_id = v.category_id
        and later.version > v.version)
    order by w.ends_at, w.window_id, v.category_id`.execute(db);
  return rows.map(toVersion);
}

/** The versions of a community whose document has yet to be read through, in the order in which windows ended. */
export async function readPending(db: Kysely<Database>, communityId: number): Promise<FinalVersion[]> {
  const { rows } = await sql<VersionRow>`
    select ${COLUMNS} from ${FROM}
    where v.community_id = ${communityId} and v.sha256 is null and v.replaced_by is null
    order by w.ends_at, w.window_id, v.category_id, v.version`.execute(db);
  return rows.map(toVersion);
}

/** The communities that have such versions. */
export async function findCommunitiesWithPending(db: Kysely<Database>): Promise<number[]> {
  const { rows } = await sql<{ communityId: number }>`
    select distinct community_id as "communityId" from final_versions where sha256 is null and replaced_by is null
    order by 1`.execute(db);
  return rows.map(({ communityId }) => communityId);
}

/** A version that is to be made. */
export type NewVersion = Pick<
  FinalVersion,
  'windowId' | 'categoryId' | 'version' | 'cutSeq' | 'reason' | 'actor' | 'excluded'
> & {
  note?: string | undefined;
  given?: number;
  takenBack?: number;
  /** What its document comes to, where that is known already. */
  sum?: TableSum;
};

/** Makes a version. What was made before stays; safe to repeat. */
export async function insertVersion(
  trx: Transaction<Database>,
  communityId: number,
  { windowId, categoryId, version, cutSeq, reason, note, actor, excluded, given = 0, takenBack = 0, sum }: NewVersion,
  now: Date,
): Promise<void> {
  await trx
    .insertInto('final_versions')
    .values({
      community_id: communityId,
      window_id: windowId,
      category_id: categoryId,
      version,
      cut_seq: cutSeq,
      reason,
      note: note ?? null,
      actor,
      made_at: now,
      excluded,
      given,
      taken_back: takenBack,
      ...(sum ? { sha256: sum.sha256, members: sum.members, score_total: String(sum.scoreTotal), final_at: now } : {}),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Records a step of a window, whose boundaries stay from then on. Returns its id. */
export async function recordStep(
  trx: Transaction<Database>,
  communityId: number,
  { kind, key, startsAt, endsAt }: Window,
  step: { provisionalAt: Date; provisionalSeq: bigint } | { frozenAt: Date; frozenSeq: bigint },
): Promise<number> {
  const columns =
    'frozenAt' in step
      ? sql`frozen_at = ${step.frozenAt}, frozen_seq = ${step.frozenSeq}`
      : sql`provisional_at = ${step.provisionalAt}, provisional_seq = ${step.provisionalSeq}`;
  await sql`
    insert into windows (community_id, kind, key, starts_at, ends_at, kept)
    select ${communityId}::int, ${kind}, ${key}, s, e, true
    from unnest(${instants([startsAt])}::timestamptz[], ${instants([endsAt])}::timestamptz[]) as d(s, e)
    on conflict (community_id, kind, key) do nothing`.execute(trx);
  const { rows } = await sql<{ windowId: number }>`
    update windows set kept = true, ${columns}
    where community_id = ${communityId} and kind = ${kind} and key = ${key}
    returning window_id as "windowId"`.execute(trx);
  const [row] = rows;
  if (!row) throw new Error(`The window ${key} was not recorded.`);
  return row.windowId;
}

function toVersion(row: VersionRow): FinalVersion {
  return {
    windowId: row.window_id,
    window: { kind: row.kind, key: row.key, startsAt: row.starts_at, endsAt: row.ends_at },
    categoryId: row.category_id,
    boardId: row.board_id ?? undefined,
    version: row.version,
    cutSeq: row.cut_seq,
    reason: row.reason,
    note: row.note ?? undefined,
    actor: row.actor,
    madeAt: row.made_at,
    revision: row.revision,
    sha256: row.sha256 ?? undefined,
    members: row.members ?? undefined,
    scoreTotal: row.score_total === null ? undefined : BigInt(row.score_total),
    excluded: row.excluded,
    given: row.given,
    takenBack: row.taken_back,
    isSuperseded: row.replaced_by !== null,
  };
}
