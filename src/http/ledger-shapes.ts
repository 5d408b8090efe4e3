/** The shapes of ledger lines, and how they are written: as JSON and as CSV. */
import { z } from 'zod';
import type { ContributionLine, GrantLine, LedgerLine } from '../ledger/ledger.ts';
import { formatDecimal, formatMultiplier } from '../ranking/score.ts';
import { AMOUNT_KINDS, REWARD_KINDS } from '../rewards/reward.ts';
import { INSTALLATION } from './access.ts';
import { csvLine } from './csv.ts';
import { decimalText } from './shapes.ts';

const instantText = z.string().meta({ format: 'date-time' });

export const contributionLineShape = z
  .object({
    kind: z.literal('contribution'),
    source: z.string(),
    id: z.string(),
    contributor: z.string(),
    category: z.string(),
    subject: z.string().optional(),
    occurredAt: instantText,
    recordedAt: instantText,
    amount: decimalText,
    rate: decimalText.describe('OMNIT a unit.'),
    multiplier: decimalText,
    event: z.string().optional().describe('The multiplier event that applied.'),
    reward: decimalText.describe('amount x rate x multiplier, rounded down to 3 places, in OMNIT.'),
    reputation: decimalText,
    rule: z.string().describe('The rule that priced it, in words.'),
    status: z.enum(['counted', 'voided', 'held', 'refused']),
    reason: z.string().optional().describe('Why it does not count.'),
    by: z.string().optional().describe('What kind of actor decided that.'),
    changedAt: instantText.optional(),
    link: z.string().optional().describe('The evidence: the message that was credited.'),
    score: decimalText.describe('What it adds to the leaderboards of its windows; 0 where it counts nowhere.'),
    windows: z.array(z.string()).describe('The periods whose leaderboards it counts in.'),
  })
  .meta({ id: 'ContributionLine' });

const grantLineShape = z
  .object({
    kind: z.literal('grant'),
    what: z.enum(REWARD_KINDS),
    name: z.string().optional(),
    amount: decimalText.describe('Below 0 where something was taken back.'),
    reason: z.string(),
    state: z.string(),
    madeAt: instantText,
  })
  .meta({ id: 'GrantLine' });

export const ledgerLineShape = z.discriminatedUnion('kind', [contributionLineShape, grantLineShape]);

export function toContributionLine(line: ContributionLine): z.output<typeof contributionLineShape> {
  const { subject, event, withheld, link } = line;
  return {
    kind: line.kind,
    source: line.source,
    id: line.id,
    contributor: line.handle,
    category: line.category.slug,
    ...(subject === undefined ? {} : { subject }),
    occurredAt: line.occurredAt.toISOString(),
    recordedAt: line.recordedAt.toISOString(),
    amount: formatDecimal(line.amount),
    rate: formatDecimal(line.rate),
    multiplier: formatMultiplier(line.multiplier),
    ...(event === undefined ? {} : { event }),
    reward: formatDecimal(line.reward),
    reputation: formatDecimal(line.reputation),
    rule: line.rule,
    status: line.status,
    ...(withheld
      ? { reason: withheld.reason, by: kindOfActor(withheld.actor), changedAt: withheld.at.toISOString() }
      : {}),
    ...(link === undefined ? {} : { link }),
    score: formatDecimal(line.score),
    windows: line.windows.map(({ key }) => key),
  };
}

export function toLedgerLine(line: LedgerLine): z.output<typeof ledgerLineShape> {
  return line.kind === 'grant' ? toGrantLine(line) : toContributionLine(line);
}

function toGrantLine({ kind, what, name, amount, reason, state, madeAt }: GrantLine): z.output<typeof grantLineShape> {
  const isDecimal = AMOUNT_KINDS.some((counted) => counted === what);
  return {
    kind,
    what,
    ...(name === undefined ? {} : { name }),
    amount: isDecimal ? formatDecimal(amount) : String(amount),
    reason,
    state,
    madeAt: madeAt.toISOString(),
  };
}

const COLUMNS = [
  'kind',
  'at',
  'source',
  'id',
  'category',
  'subject',
  'amount',
  'rate',
  'multiplier',
  'event',
  'reward',
  'reputation',
  'rule',
  'status',
  'reason',
  'by',
  'score',
  'windows',
  'link',
  'what',
  'name',
] as const;

export const LEDGER_CSV_HEADING = csvLine(COLUMNS);

/** A line as a record of CSV. What a line has not is empty. */
export function toLedgerCsv(line: LedgerLine): string {
  const cells: { [Column in (typeof COLUMNS)[number]]?: string | undefined } =
    line.kind === 'grant' ? grantCells(toGrantLine(line)) : contributionCells(toContributionLine(line));
  return csvLine(COLUMNS.map((column) => cells[column] ?? ''));
}

function grantCells({ state, madeAt, ...line }: z.output<typeof grantLineShape>) {
  return { ...line, at: madeAt, status: state };
}

function contributionCells({ occurredAt, windows, ...line }: z.output<typeof contributionLineShape>) {
  return { ...line, at: occurredAt, windows: windows.join(' ') };
}

/** What everybody may know of who decided: how it was done, not whose name is behind it. */
function kindOfActor(actor: string): string {
  if (actor.startsWith('Discord user ')) return 'an admin on Discord';
  // The others are no people, such as a cap.
  return actor.startsWith('key ') || actor === INSTALLATION.name ? 'an admin over the API' : actor;
}
