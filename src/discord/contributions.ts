/** What `/contribution` does, once its options are read. */
import type { ApplicationCommandOptionChoiceData, Message } from 'discord.js';
import { changeCounting, type VoidTarget } from '../contributions/void.ts';
import { DomainError } from '../errors.ts';
import { readCursor, writeCursor } from '../ledger/cursor.ts';
import { readContributionAt, readLedger, type ContributionLine } from '../ledger/ledger.ts';
import { findMember, isPrivate, requireAnyName, type Member } from '../members/members.ts';
import { checkText, HANDLE, REASON } from '../text.ts';
import type { Answer, Call, SuggestionCall } from './command.ts';
import { confirmChange, lineInWords, renderChange, renderNothing } from './contribution-message.ts';
import type { ContributionChoice } from './contribution-view.ts';
import { readKeptText } from './kept-text.ts';
import { memberOf } from './member-option.ts';
import { COLOURS, note } from './messages.ts';
import { requireManager } from './setup.ts';
import { offer } from './suggestions.ts';
import { code } from './text.ts';
import { requireTime } from './time-option.ts';

/** How many of a member's latest contributions are searched for what is typed. */
const SEARCHED = 200;

/** What was typed. Either a contribution, or both times. */
export type TypedChange = {
  kind: ContributionChoice['kind'];
  member: string;
  reason: string;
  contribution: string | null;
  from: string | null;
  to: string | null;
};

/**
 * Shows what would change, and asks whether to do it.
 *
 * @throws DomainError `forbidden`, `unknown-member`, `invalid-parameter`, `unknown-contribution`, or `state-conflict`
 */
export async function proposeChange(call: Call, typed: TypedChange): Promise<Answer> {
  requireManager(call);
  const reason = requireReason(typed.reason);
  const member = await memberOf(call, typed.member);
  const choice = { kind: typed.kind, memberId: member.id, which: whichOf(call, typed) };
  const { told } = await change(call, member, choice, reason, true);
  return told.result.changed === 0 ? renderNothing(told) : confirmChange(call, told, reason);
}

/** Does what was proposed, for the reason that stands in the message. Pressed again, it changes nothing more. */
export async function confirmProposal(call: Call, choice: ContributionChoice, message: Message): Promise<Answer> {
  requireManager(call);
  const reason = readKeptText(message);
  const member = await findMember(call.services.db, call.community.id, choice.memberId);
  if (reason === undefined || !member) {
    return note(`What this was about is not here any more. Run ${code('/contribution')} again.`, COLOURS.waiting);
  }
  const { told } = await change(call, member, choice, requireReason(reason), false);
  if (told.result.changed === 0) return renderNothing(told);
  call.services.nudge();
  return renderChange(call, told);
}

/** Offers the latest contributions of a member that can be voided, or un-voided. */
export async function suggestContributions(
  { services, community, locale, mayManage }: SuggestionCall,
  kind: ContributionChoice['kind'],
  handle: string | null,
  typed: string,
): Promise<ApplicationCommandOptionChoiceData<string>[]> {
  const named = checkText(handle ?? '', HANDLE);
  if (!('text' in named)) return [];
  const member = await requireAnyName(services.db, community.id, named.text).catch((error: unknown) => {
    if (error instanceof DomainError) return undefined;
    throw error;
  });
  if (!member || (isPrivate(member) && !mayManage)) return [];
  const { lines } = await readLedger(services.db, community, member.id, {}, { limit: SEARCHED });
  const wanted = kind === 'void' ? 'counted' : 'voided';
  const found = lines.flatMap((line) => (line.kind === 'contribution' && line.status === wanted ? [line] : []));
  return offer(
    found.map((line) => ({ name: lineInWords(line, locale, community.timeZone), value: writeCursor(line.cursor) })),
    typed,
  );
}

async function change(call: Call, member: Member, choice: ContributionChoice, reason: string, dryRun: boolean) {
  const { services, community, actor, now } = call;
  const line = await lineOf(call, choice);
  const { kind, which } = choice;
  const target: VoidTarget = line
    ? { source: line.source, id: line.id }
    : { member: member.handle, ...requireRange(which) };
  const result = await changeCounting(services, community.id, { kind, target, reason, dryRun }, actor, now);
  return { told: { member, choice, line, result } };
}

async function lineOf(
  { services, community }: Call,
  { memberId, which }: ContributionChoice,
): Promise<ContributionLine | undefined> {
  if ('from' in which) return undefined;
  const line = await readContributionAt(services.db, community, memberId, which.at);
  if (line) return line;
  throw new DomainError('unknown-contribution', 'This member has no such contribution. Choose one of those offered.');
}

function whichOf(call: Call, { contribution, from, to }: TypedChange): ContributionChoice['which'] {
  if (contribution !== null && from === null && to === null) {
    const at = readCursor(contribution);
    if (at) return { at };
    throw new DomainError(
      'invalid-parameter',
      'Choose one of the contributions that are offered while you type. Others can be named over the API.',
    );
  }
  if (contribution === null && from !== null && to !== null) {
    return { from: requireTime(call, 'from', from), to: requireTime(call, 'to', to) };
  }
  throw new DomainError('invalid-parameter', 'Give `contribution` for one, or both `from` and `to` for several.');
}

function requireRange(which: ContributionChoice['which']): { from: Date; to: Date } {
  if ('from' in which) return which;
  throw new Error('A choice is one contribution or a stretch of time.');
}

function requireReason(reason: string): string {
  const checked = checkText(reason, REASON);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The reason ${checked.problem}.`);
}
