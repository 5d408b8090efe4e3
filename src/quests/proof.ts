/** What a proof is. Pure. */
import { z } from 'zod';
import type { ToldFile } from '../announcements/announcement.ts';
import { checkText, type TextRule } from '../text.ts';

export const PROOF_STATES = ['waiting', 'asked', 'approved', 'refused'] as const;
/** `waiting` for a review; `asked`: more is asked of the member; `approved`: it counts; `refused`: it does not. */
export type ProofState = (typeof PROOF_STATES)[number];

/** What somebody writes as a proof. */
export const PROOF_TEXT: TextRule = { maxCodePoints: 800, pathSafe: false };
export const MAX_LINK_LENGTH = 300;
const MAX_LINKS = 3;
export const MAX_FILES = 3;

/** What somebody hands in, for people to look at. Links are https and in their normal form. */
export type ProofContent = { text: string; links: readonly string[]; files: readonly ToldFile[] };

/** What a member handed in for a round of a quest, and what became of it. */
export type Proof = {
  id: number;
  roundId: number;
  memberId: number;
  content: ProofContent;
  state: ProofState;
  /** When what it holds now was handed in. */
  submittedAt: Date;
  /** The last decision, if there was one. */
  review: Review | undefined;
  /** How often it was handed in: once more each time more was asked. */
  times: number;
};

/** A decision. `reviewer` as people read it; `decidedBy` as the audit log names whoever it was. */
export type Review = { at: Date; reviewer: string; decidedBy: string; reason: string };

const link = z
  .string()
  .transform((value, context) => {
    const problem = problemOfLink(value);
    if (problem === undefined) return new URL(value).href;
    context.addIssue(problem);
    return z.NEVER;
  })
  .meta({ format: 'uri', maxLength: MAX_LINK_LENGTH });

const lines = z
  .string()
  .transform((value, context) => {
    const text = value.replaceAll(/\r\n?/g, '\n').trim();
    // Every line is held against the rule of ordinary text.
    const checked = checkText(text.replaceAll('\n', ' '), PROOF_TEXT);
    if ('text' in checked) return text.normalize('NFC');
    context.addIssue(checked.problem);
    return z.NEVER;
  })
  .meta({ minLength: 1, maxLength: PROOF_TEXT.maxCodePoints });

/** What is handed in by programs: text, which may have lines, and links. */
export const proofBodySchema = z.object({
  text: lines.describe('The proof in words.'),
  links: z.array(link).max(MAX_LINKS, `holds more than ${MAX_LINKS}`).optional().describe('https alone.'),
});

function problemOfLink(value: string): string | undefined {
  if (!URL.canParse(value)) return 'is no link: it must be like https://example.org/page';
  const { protocol, username, password, href } = new URL(value);
  if (protocol !== 'https:') return 'is no https link: only https:// is taken';
  if (username || password) return 'is a link with a user name or password in it, which it must not have';
  return href.length > MAX_LINK_LENGTH ? `is a link of more than ${MAX_LINK_LENGTH} characters` : undefined;
}
