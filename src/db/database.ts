import type { AnnouncementTables } from './tables/announcements.ts';
import type { BadgeTables } from './tables/badges.ts';
import type { CommunityTables } from './tables/communities.ts';
import type { ContributionTables } from './tables/contributions.ts';
import type { MemberTables } from './tables/members.ts';
import type { MultiplierTables } from './tables/multipliers.ts';
import type { QuestTables } from './tables/quests.ts';
import type { RankingTables } from './tables/ranking.ts';
import type { RewardTables } from './tables/rewards.ts';
import type { SeasonTables } from './tables/seasons.ts';

/**
 * The tables. Every key begins with the community, so that data can later be spread by community. Points, amounts and
 * rates are whole thousandths; multipliers are whole hundredths; times are instants to the millisecond.
 */
export interface Database
  extends
    CommunityTables,
    MemberTables,
    ContributionTables,
    RankingTables,
    MultiplierTables,
    QuestTables,
    SeasonTables,
    RewardTables,
    BadgeTables,
    AnnouncementTables {}
