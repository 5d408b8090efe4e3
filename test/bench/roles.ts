import { sql, type Kysely } from 'kysely';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { sumUpPlan, type PlannedGuild, type RolePlan } from '../../src/rewards/plan-roles.ts';
import { makeCommunity } from '../support/communities.ts';
import { withDatabase } from './bench-database.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { median, timed } from './measure.ts';

const MEMBERS = 100_000;
const ROUNDS = 7;
const WON = '100';
const ENDED = '200';
/** A server in which every role can be given and taken. */
const NO_PROBLEMS: PlannedGuild = {
  whyNot: () => undefined,
  whyNotTake: () => undefined,
  named: () => ({ problem: 'There is none.' }),
};

/** What it takes to plan the roles of a large community. */
export const roleFigures: FigureGroup = {
  names: ['role_plan_100k_ms'],
  async measure(context) {
    return [await measurePlanning(context)];
  },
};

async function measurePlanning(context: BenchContext): Promise<Figure> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const db = connect(url, { maxConnections: 1 });
    try {
      context.progress('roles: granting');
      const { id } = await makeCommunity(db);
      await fill(db, id);
      context.progress('roles: planning');
      const times: number[] = [];
      let plan: RolePlan | undefined;
      for (let round = -1; round < ROUNDS; round += 1) {
        const ms = await timed(async () => {
          plan = await sumUpPlan(db, id, NO_PROBLEMS, { limit: 100 });
        });
        if (round >= 0) times.push(ms);
      }
      const { give = 0, take = 0, cannot = 0 } = plan ?? {};
      return {
        name: 'role_plan_100k_ms',
        value: median(times),
        unit: 'ms',
        goal: { atMost: 2_000 },
        measured: `planning the roles of ${MEMBERS} members: ${give} to give, ${take} to take, ${cannot} that cannot be given, the rest as they should be`,
      };
    } finally {
      await db.destroy();
    }
  });
}

/** Members who have all been granted a role; every tenth is not linked, and half of the others have it. A third had another one until it was taken back. */
async function fill(db: Kysely<Database>, communityId: number): Promise<void> {
  // What is filled is no hot statement: on a busy machine it may take its time. There is one connection.
  await sql`set statement_timeout = 0`.execute(db);
  await sql`
    insert into members (community_id, member_id, handle, display_name, display_name_at, created_at, discord_user_id)
    select ${communityId}, n, 'member-' || n, 'Member ' || n, 'epoch', 'epoch', case when n % 10 > 0 then (1000000 + n)::text end
    from generate_series(1, ${MEMBERS}::int) n`.execute(db);
  await sql`
    insert into grants (community_id, entitlement, version, member_id, kind, amount, role_id, reason, state, made_at)
    select ${communityId}, 'window 1 category 1 prize ' || role || ' reward 0 member ' || n, version, n, 'role',
      case version when 1 then 1 else -1 end, role, 'August', 'made', 'epoch'
    from generate_series(1, ${MEMBERS}::int) n, (values (${WON}, 1), (${ENDED}, 1), (${ENDED}, 2)) as d(role, version)
    where role = ${WON} or n % 3 = 0`.execute(db);
  await sql`
    insert into role_holdings (community_id, discord_user_id, role_id, state)
    select ${communityId}, (1000000 + n)::text, role, 'ours'
    from generate_series(1, ${MEMBERS}::int) n, (values (${WON}), (${ENDED})) as d(role)
    where n % 10 > 0 and case role when ${WON} then n % 2 = 0 else n % 3 = 0 end`.execute(db);
  await sql`
    insert into role_holders (community_id, discord_user_id, member_id, look_at)
    select distinct community_id, discord_user_id, discord_user_id::int - 1000000, 'epoch'::timestamptz
    from role_holdings where community_id = ${communityId}`.execute(db);
  await sql`vacuum analyze`.execute(db);
  await sql`reset statement_timeout`.execute(db);
}
