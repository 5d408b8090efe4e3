import type { Linked } from '../members/link.ts';
import type { Member } from '../members/members.ts';
import type { Answer, Call } from './command.ts';
import { COLOURS, note } from './messages.ts';
import { code, shownName } from './text.ts';

/** How to link, and with what the caller is linked. */
export function howToLink({ community }: Call, member: Member | undefined): Answer {
  const state =
    member?.discordUserId === undefined
      ? 'Your Discord account is not linked yet.'
      : `You are linked with **${shownName(member.handle)}**. To link another handle, ${code('/unlink')} first.`;
  return note(
    [
      `## Link your handle in ${shownName(community.name)}`,
      state,
      `1. Get a code where you have a key for your handle: ${code('omnitensor-cli link-code HANDLE')}. Without a key, ask an admin for one.`,
      `2. Enter it here within 15 minutes: ${code('/link code:XXXX-XXXX')}`,
      'Whatever you have contributed from Discord goes to the handle, and counts there from then on.',
    ].join('\n'),
  );
}

/** That the caller is linked now. */
export function renderLinked({ community }: Call, { member, merged }: Linked): Answer {
  const lines = [`You are **${shownName(member.handle)}** in ${shownName(community.name)} from now on.`];
  if (merged !== undefined) lines.push('What you had contributed from Discord was added to it.');
  lines.push(`-# ${code('/me')} shows what you have. ${code('/unlink')} parts the two again.`);
  return note(lines.join('\n'), COLOURS.good);
}

/** That the caller is linked no more. */
export function renderUnlinked(member: Member): Answer {
  return note(
    `You are not **${shownName(member.handle)}** any more. What was earned stays with the handle, and a new code links you again: ${code('/link')}`,
    COLOURS.good,
  );
}
