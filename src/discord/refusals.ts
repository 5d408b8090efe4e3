import { isDatabaseAway } from '../db/errors.ts';
import { DomainError, type ErrorCode } from '../errors.ts';
import type { Answer } from './command.ts';
import { showSentence } from './domain-text.ts';
import { COLOURS, note } from './messages.ts';

/** How every refusal is told: in its own words, or as something that passes. A new code does not compile until it stands here. */
const TOLD: Record<ErrorCode, 'as it stands' | 'as passing'> = {
  'invalid-parameter': 'as it stands',
  unauthenticated: 'as it stands',
  forbidden: 'as it stands',
  'unknown-community': 'as it stands',
  'unknown-category': 'as it stands',
  'unknown-member': 'as it stands',
  'unknown-contribution': 'as it stands',
  'unknown-key': 'as it stands',
  'unknown-exclusion': 'as it stands',
  'unknown-cap': 'as it stands',
  'unknown-job': 'as it stands',
  'unknown-announcement': 'as it stands',
  'unknown-multiplier': 'as it stands',
  'unknown-quest': 'as it stands',
  'unknown-proof': 'as it stands',
  'unknown-grant': 'as it stands',
  'unknown-badge': 'as it stands',
  'unknown-live-board': 'as it stands',
  'unknown-season': 'as it stands',
  'unknown-prize': 'as it stands',
  'not-final': 'as it stands',
  'unknown-version': 'as it stands',
  superseded: 'as it stands',
  'window-not-begun': 'as it stands',
  'no-earlier-window': 'as it stands',
  'no-standing': 'as it stands',
  'name-taken': 'as it stands',
  'state-conflict': 'as it stands',
  unavailable: 'as passing',
};

const PASSING = 'The standings cannot be reached at the moment. Nothing is lost: try again in a minute.';

/** What an error is to whoever asked: a message, and whether it is a fault that has to be looked into. */
export function explain(error: unknown): { answer: Answer; kind: 'refusal' | 'passing' | 'fault' } {
  if (isDatabaseAway(error)) return { answer: note(PASSING, COLOURS.waiting), kind: 'passing' };
  if (!(error instanceof DomainError)) {
    const text = 'Something went wrong here, not with what you did. It was logged. Try again later.';
    return { answer: note(text, COLOURS.bad), kind: 'fault' };
  }
  if (TOLD[error.code] === 'as passing') return { answer: note(PASSING, COLOURS.waiting), kind: 'passing' };
  return { answer: note(showSentence(error.message), COLOURS.bad), kind: 'refusal' };
}
