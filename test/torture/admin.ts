import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../demo/random.ts';
import type { Caller } from './caller.ts';
import { COMMUNITY } from './installation.ts';
import { CATEGORIES, type CategorySlug, type PlainLedger } from './ledger.ts';
import { windowsEnding } from './plain-windows.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LONGEST_PAUSE_MS = 250;
const SLUGS = Object.keys(CATEGORIES) as [CategorySlug, ...CategorySlug[]];
const OK = 200;
const CREATED = 201;
const CONFLICT = 409;

export type AdminOptions = {
  caller: Caller;
  ledger: PlainLedger;
  random: Random;
  now: () => Date;
  timeZone: string;
  /** The roles that quests and prizes give. */
  roleIds: { quest: string; week: string; month: string; season: string };
};

/**
 * Sets up prizes beside those of the preset: something of each kind, for each kind of window.
 *
 * @returns all that there are then
 */
export async function createPrizes({ caller, roleIds }: AdminOptions): Promise<PlainPrize[]> {
  const role = (roleId: string) => ({ kind: 'role', roleId });
  const wanted = [
    prize('gpu-contributors', 'week', [1, 1], [tokens('12.5'), role(roleIds.week)]),
    prize('gpu-contributors', 'month', [1, 2], [{ kind: 'governance', amount: '3' }, role(roleIds.month)]),
    prize('data-validators', 'week', [1, 3], [{ kind: 'reputation', amount: '1.5' }]),
    prize('data-validators', 'season', [1, 1], [role(roleIds.season), { kind: 'badge', name: 'Season Champion' }]),
    prize('model-testers', 'week', [1, 2], [role(roleIds.week)]),
    prize('model-testers', 'month', [2, 4], [tokens('7')]),
  ];
  for (const one of wanted) {
    caller.expect([CREATED], await caller.insist('POST', `${COMMUNITY}/prizes`, one), 'A prize');
  }
  const { json } = await caller.insist('GET', `${COMMUNITY}/prizes`);
  return json.prizes;
}

/** A reward as the API takes it. */
export type PlainReward = { kind: string; amount?: string; name?: string; roleId?: string };
export type PlainPrize = {
  id: number;
  category: CategorySlug;
  window: 'week' | 'month' | 'season';
  ranks: { from: number; to: number };
  rewards: PlainReward[];
};

function prize(
  category: CategorySlug,
  window: PlainPrize['window'],
  [from, to]: [number, number],
  rewards: PlainReward[],
): Omit<PlainPrize, 'id'> {
  return { category, window, ranks: { from, to }, rewards };
}

function tokens(amount: string): PlainReward {
  return { kind: 'tokens', amount };
}

/** An admin at work: one thing after the other, each insisted on until it is answered. */
export class Admin {
  readonly #options: AdminOptions;
  #quests = 0;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async work({ ending }: { ending: AbortSignal }): Promise<void> {
    const { random } = this.#options;
    while (!ending.aborted) {
      const duty = pick(random, [
        () => this.#changeCounting(),
        () => this.#changeCounting(),
        () => this.#createQuest(),
        () => this.#joinQuest(),
        () => this.#amend(),
        () => this.#merge(),
      ]);
      await duty();
      await sleep(random() * LONGEST_PAUSE_MS);
    }
  }

  /** Voids a contribution, or lets one count again. */
  async #changeCounting(): Promise<void> {
    const { caller, ledger, random } = this.#options;
    const sent = ledger.sent[Math.floor(random() * ledger.sent.length)];
    if (!sent?.certain) return;
    const kind = sent.voided ? 'unvoid' : 'void';
    const path = `${COMMUNITY}/contributions/admin/${sent.id}/${kind}`;
    const answer = await caller.insist('POST', path, { reason: 'drawn by lot' });
    caller.expect([OK], answer, `To ${kind} ${sent.id}`);
    sent.voided = !sent.voided;
  }

  async #createQuest(): Promise<void> {
    const { caller, random, now, roleIds } = this.#options;
    const name = `Quest ${(this.#quests += 1)}`;
    const category = pick(random, SLUGS);
    const form = {
      name,
      goal: { category, amount: pick(random, ['1', '5', '40']) },
      rewards: [
        { kind: 'tokens', amount: '2.5' },
        pick<PlainReward>(random, [
          { kind: 'badge', name: 'Quester' },
          { kind: 'role', roleId: roleIds.quest },
        ]),
      ],
      ...pick(random, [{}, {}, { maxWinners: 2 }, { recurrence: 'weekly' }]),
    };
    const [startsAgoMs, lastsMs] = [random() * 3 * DAY, 2 * HOUR + random() * 20 * DAY];
    for (;;) {
      const at = now().getTime();
      const times = { startsAt: new Date(at - startsAgoMs), endsAt: new Date(at + lastsMs) };
      const answer = await caller.ask('POST', `${COMMUNITY}/quests`, { ...form, ...times });
      if (answer) return caller.expect([CREATED], answer, name);
      // It may be there: made twice it would be two.
      const { json } = await caller.insist('GET', `${COMMUNITY}/quests?limit=100`);
      if (json.quests.some((quest: { name: string }) => quest.name === name)) return;
    }
  }

  /** Signs a contributor up for a quest, so that there is somebody to be reminded. */
  async #joinQuest(): Promise<void> {
    const { caller, ledger, random } = this.#options;
    const sent = ledger.sent[Math.floor(random() * ledger.sent.length)];
    const { json } = await caller.insist('GET', `${COMMUNITY}/quests?limit=1`);
    const [quest] = json.quests;
    if (!quest || quest.status !== 'running' || !sent?.certain) return;
    const answer = await caller.insist('POST', `${COMMUNITY}/quests/${quest.id}/join`, { handle: sent.contributor });
    // Its deadline may pass while nobody answers.
    caller.expect([OK, CONFLICT], answer, 'Joining');
  }

  /** Amends the tables of a window that closed lately, if anything in them has changed. */
  async #amend(): Promise<void> {
    const { caller, random, now, timeZone } = this.#options;
    const recent = windowsEnding(timeZone, { after: new Date(now().getTime() - 60 * DAY), until: now() });
    const window = recent[Math.floor(random() * recent.length)];
    if (!window) return;
    const path = `${COMMUNITY}/windows/${window.kind}/${window.key}/amend`;
    caller.expect([OK, CONFLICT], await caller.insist('POST', path, { reason: 'drawn by lot' }), 'Amending');
  }

  /** Merges a contributor into another. At most one of the two is a Discord user. */
  async #merge(): Promise<void> {
    const { caller, ledger, random } = this.#options;
    if (random() < 0.7) return;
    const any = () => ledger.sent[Math.floor(random() * ledger.sent.length)];
    const [one, other] = [any(), any()];
    if (!one?.certain || !other?.certain) return;
    const [from, into] = [one.contributor, ledger.survivorOf(other.contributor)];
    if (ledger.survivorOf(from) !== from || from === into) return;
    if (ledger.userOf(from) !== undefined && ledger.userOf(into) !== undefined) return;
    const answer = await caller.insist('POST', `${COMMUNITY}/members/${from}/merge`, { into });
    caller.expect([OK], answer, `To merge ${from}`);
    ledger.merged(from, into);
  }
}
