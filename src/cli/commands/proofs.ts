import { Option, type Command } from 'commander';
import { address } from '../api-client.ts';
import { proofListSchema, proofSchema, readAnswer, type ProofAnswer } from '../api-shapes.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const MAX_ID = 999_999_999;
const STATES = ['waiting', 'asked', 'approved', 'refused'];
const PAGE = 100;
/** How much of a text a line of the list shows. */
const TEXT_LENGTH = 60;

const EXAMPLES = `
Examples:
  $ omnitensor-cli proofs
  $ omnitensor-cli proofs approve 7
  $ omnitensor-cli proofs ask 7 --reason "Show the whole log"
  $ omnitensor-cli proofs hand-in 3 --text "The log is at the link" --link https://example.org/log --contributor user123
`;

type HandIn = { text: string; link?: string[]; contributor?: string; round?: string };

/** `proofs`: hand in proofs of quests; list and review them. */
export function proofsCommand(program: Command): void {
  const id = ['<id>', 'as the list shows it', wholeNumber(1, MAX_ID)] as const;
  const proofs = program
    .command('proofs')
    .description('list the proofs of quests that wait for a review, oldest first; review one; hand one in')
    .addOption(new Option('--state <state>', 'which').choices(STATES).default('waiting'))
    .addHelpText('after', EXAMPLES)
    .action(listProofs);
  proofs
    .command('hand-in')
    .argument('<quest>', 'the id of the quest', wholeNumber(1, MAX_ID))
    .description('hand in a proof for a quest')
    .requiredOption('--text <text>', 'the proof in words')
    .option('--link <url>', 'https alone; up to three times', collect)
    .option('--contributor <handle>', 'whose; may be left out with a key that is bound to a member')
    .option('--round <key>', 'a round that has ended, where more was asked (default: the running one)')
    .action(handIn);
  proofs
    .command('approve')
    .argument(...id)
    .description('approve a proof')
    .action((proof: number, _options: object, command: Command) => decide('approve', proof, {}, command));
  for (const [decision, description] of [
    ['ask', 'ask the member for more'],
    ['refuse', 'refuse a proof'],
  ] as const) {
    proofs
      .command(decision)
      .argument(...id)
      .description(description)
      .requiredOption('--reason <reason>', 'told to the member')
      .action((proof: number, options: { reason: string }, command: Command) =>
        decide(decision, proof, options, command),
      );
  }
}

async function listProofs({ state }: { state: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = await communityPath();
  const all: ProofAnswer[] = [];
  for (let after: string | null = ''; after !== null;) {
    const query: string = `?state=${state}&limit=${PAGE}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
    const page = readAnswer(proofListSchema, (await api.call(`${path}/proofs${query}`)).body);
    all.push(...page.proofs);
    after = page.next;
  }
  if (json) return printJson({ proofs: all });
  if (all.length === 0) return print(`No proof is ${state}.`);
  printTable(
    ['Id', 'Quest', 'Member', 'Handed in', 'Proof', 'Links and files'],
    all.map(({ id, quest, handle, submittedAt, text, links, files }) => [
      String(id),
      String(quest),
      handle,
      submittedAt,
      text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text,
      [...links, ...files.map(({ name }) => name)].join(' '),
    ]),
  );
}

async function handIn(quest: number, { text, link, contributor, round }: HandIn, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/quests/${String(quest)}/proofs`}`, {
    method: 'POST',
    body: { text, links: link, handle: contributor, round },
  });
  if (json) return printJson(body);
  print(`Handed in proof ${readAnswer(proofSchema, body).id}. It waits for a review.`);
}

async function decide(
  decision: 'approve' | 'ask' | 'refuse',
  proof: number,
  { reason }: { reason?: string },
  command: Command,
): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/proofs/${String(proof)}/`}${decision}`;
  const { body } = await api.call(path, { method: 'POST', body: { reason } });
  if (json) return printJson(body);
  const { handle, state } = readAnswer(proofSchema, body);
  print(`Proof ${proof} of ${handle} is ${state}.`);
}
