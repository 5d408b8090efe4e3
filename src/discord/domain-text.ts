import { timestamp } from './format.ts';
import { code, escapeMarkdown } from './text.ts';

const MINUTE_MS = 60_000;

/** An instant; a name between backticks; somebody who acted on Discord. */
const SPECIAL =
  /(?<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))|`(?<name>[A-Za-z][\w-]{0,39})`|Discord user (?<user>\d{1,20})\b/g;

/**
 * A sentence of the domain as Discord shows it: instants in each reader's own time, fields of the API by the names that
 * the options have here, people of Discord by mention, which pings nobody. All else is escaped, as it may hold outside text.
 */
export function showSentence(sentence: string): string {
  let shown = '';
  let end = 0;
  for (const match of sentence.matchAll(SPECIAL)) {
    shown += escapeMarkdown(sentence.slice(end, match.index)) + showSpecial(match);
    end = match.index + match[0].length;
  }
  return shown + escapeMarkdown(sentence.slice(end));
}

function showSpecial({ 0: whole, groups }: RegExpExecArray): string {
  const { instant, name, user } = groups ?? {};
  if (name !== undefined) return code(optionName(name));
  if (user !== undefined) return `<@${user}>`;
  const at = Date.parse(instant ?? '');
  if (Number.isNaN(at)) return escapeMarkdown(whole);
  // Discord shows whole minutes: up, so that what is "the earliest" is not too early when it is typed.
  return timestamp(new Date(Math.ceil(at / MINUTE_MS) * MINUTE_MS), 'f');
}

/** What the API calls `endsAt` is the option `ends`; `joinRequired` is `join-required`. */
function optionName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`).replace(/-at$/, '');
}
