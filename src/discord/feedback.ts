import type { Message } from 'discord.js';
import { DomainError } from '../errors.ts';
import { creditFeedback } from '../feedback/credit-feedback.ts';
import type { Answer, Call } from './command.ts';
import { formatNumber } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { code, shownName } from './text.ts';

/**
 * Credits a message as critical feedback, for those who may manage messages, and tells the giver alone.
 *
 * @throws DomainError `forbidden`, or as crediting does
 */
export async function creditMessage(call: Call, message: Message): Promise<Answer> {
  const { services, community, guild, reader, actor, now, locale } = call;
  if (!reader.mayModerate) {
    throw new DomainError(
      'forbidden',
      'Only those with the permission "Manage Messages" can credit feedback. Ask an admin of this server.',
    );
  }
  const { author } = message;
  const credited = {
    id: message.id,
    link: `https://discord.com/channels/${guild.id}/${message.channelId}/${message.id}`,
    author: {
      id: author.id,
      name: message.member?.displayName ?? author.displayName,
      // What a webhook posts comes from no person either.
      isBot: author.bot || message.webhookId !== null,
    },
  };
  const { member, reputation, held, left } = await creditFeedback(
    services,
    community,
    { giverId: reader.userId, message: credited },
    actor,
    now,
  );
  services.nudge();
  // Of whoever is hidden nobody is to learn the name, and everybody sees who wrote the message.
  const name = shownName(member.hiddenAs === undefined ? member.displayName : credited.author.name);
  const lines = [
    held
      ? `**${name}** has reached the cap of today: this waits for an admin, in ${code('/held')}.`
      : `**${name}** gets ${formatNumber(reputation, locale)} reputation for this feedback.`,
    left > 0 ? `-# You can credit ${left} more today.` : '-# That was your last one for today.',
  ];
  return note(lines.join('\n'), held ? COLOURS.waiting : COLOURS.good);
}
