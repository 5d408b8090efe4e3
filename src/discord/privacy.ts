/** What `/privacy` does, once its options are read, and where its buttons and its form lead. */
import { Buffer } from 'node:buffer';
import { DomainError } from '../errors.ts';
import { deleteMember } from '../privacy/delete-member.ts';
import { exportData } from '../privacy/export-data.ts';
import { changePrivacy, readPrivacy, requireWhose, type PrivacySettings } from '../privacy/settings.ts';
import type { Answer, Call, Command, FileAnswer } from './command.ts';
import {
  CONFIRMATION,
  decodePrivacy,
  deletionForm,
  readConfirmation,
  renderData,
  renderDeleted,
  renderDeletion,
  renderPrivacy,
  renderTooLarge,
} from './privacy-message.ts';

/** What is attached to a message at most; Discord takes a little more. */
const MOST_BYTES = 8 * 1024 * 1024;

/** What the reader has chosen. */
export async function showPrivacy(call: Call): Promise<Answer> {
  const { services, community } = call;
  return renderPrivacy(call, await readPrivacy(services.db, community.id, ownOf(call)));
}

/** Changes what the reader has chosen, and shows it. */
export async function changeAndShow(call: Call, changes: Partial<PrivacySettings>): Promise<Answer> {
  const { services, community, actor, now } = call;
  const privacy = await changePrivacy(services, community.id, ownOf(call), changes, actor, now);
  services.nudge();
  return renderPrivacy(call, privacy);
}

/** All that is kept of the reader, as a file, as far as a message can hold it. */
export async function showData(call: Call): Promise<Answer | FileAnswer> {
  const { services, community, now } = call;
  const member = await requireWhose(services.db, community.id, ownOf(call));
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const text of exportData(services.db, community, member.id, now)) {
    const piece = Buffer.from(text);
    length += piece.length;
    if (length > MOST_BYTES) return renderTooLarge(community, member.handle);
    pieces.push(piece);
  }
  return renderData(Buffer.concat(pieces));
}

/** Tells what deleting means, with a button that opens the form. Nothing is deleted yet. */
export async function proposeDeletion(call: Call): Promise<Answer> {
  const { services, community } = call;
  await requireWhose(services.db, community.id, ownOf(call));
  return renderDeletion(call);
}

/** Reads the buttons, as a command's `press` does. */
export const pressPrivacy: NonNullable<Command['press']> = (customId) => {
  const pressed = decodePrivacy(customId);
  if (pressed === undefined) return undefined;
  if (pressed === 'delete') return deletionForm();
  const run = pressed === 'data' ? showData : (call: Call) => changeAndShow(call, pressed);
  return { shows: 'in-place', run };
};

/** Reads the form, as a command's `submit` does. */
export const submitPrivacy: NonNullable<Command['submit']> = (customId) => {
  if (decodePrivacy(customId) !== 'delete') return undefined;
  return {
    shows: 'in-place',
    async run(call, interaction) {
      if (readConfirmation(interaction) !== CONFIRMATION) {
        throw new DomainError('invalid-parameter', `Type ${CONFIRMATION} to delete your data. Nothing was deleted.`);
      }
      const { services, community, actor, now } = call;
      await deleteMember(services, community.id, ownOf(call), actor, now);
      services.nudge();
      return renderDeleted(call);
    },
  };
};

function ownOf({ reader }: Call): { discordUserId: string } {
  return { discordUserId: reader.userId };
}
