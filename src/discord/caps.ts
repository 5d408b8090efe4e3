import type { Community } from '../communities/community.ts';
import { removeCap, setCap } from '../fair-play/caps.ts';
import { DomainError } from '../errors.ts';
import { parseDecimal } from '../ranking/score.ts';
import { requireCommunity } from './call.ts';
import type { Answer, Call } from './command.ts';
import { formatScore } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { code, shownName } from './text.ts';

/** The most caps named. */
const MAX_NAMED = 15;

/** Sets the cap of a category, or takes it away, and shows all. */
export async function changeCap(call: Call, category: string, amount: number | undefined): Promise<Answer> {
  const { services, home, guild, community, actor, now, locale } = call;
  if (amount === undefined) await removeCap(services, community.id, category, actor, now);
  else {
    const parsed = parseDecimal(amount);
    if ('problem' in parsed) throw new DomainError('invalid-parameter', `The amount ${parsed.problem}.`);
    await setCap(services, community.id, { category, amount: parsed.thousandths }, actor, now);
  }
  return renderCaps(await requireCommunity(services, guild, home, now), locale);
}

/** The caps of a community. */
export function renderCaps({ categories, caps }: Community, locale: string): Answer {
  const lines = categories.flatMap((category) => {
    const amount = caps.get(category.id);
    if (amount === undefined) return [];
    return [`${shownName(category.title)}: **${formatScore(amount, { ...category, measure: 'amount' }, locale)}**`];
  });
  if (lines.length === 0) return note(`There are no caps. ${code('/cap set')} sets one.`);
  const rest = lines.length - MAX_NAMED;
  return note(
    [
      '## Daily caps',
      ...lines.slice(0, MAX_NAMED),
      ...(rest > 0 ? [`-# and ${rest} more`] : []),
      `-# So much counts for each member and day of this community. What exceeds it waits in ${code('/held')}.`,
    ].join('\n'),
    COLOURS.good,
  );
}
