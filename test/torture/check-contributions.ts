import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { formatDecimal, parseDecimal } from '../../src/ranking/score.ts';
import type { Checked } from './check.ts';
import { COMMUNITY } from './installation.ts';
import { CATEGORIES, rewardOf } from './ledger.ts';

/** Every contribution is there once, as it was sent; and balances are the sums of what counts and of what was granted. */
export async function checkContributions(db: Kysely<Database>, { caller, ledger }: Checked): Promise<string[]> {
  const faults: string[] = [];
  const { rows } = await sql<{
    id: string;
    handle: string;
    category: string;
    amount: bigint;
    reward: bigint;
    counted: boolean;
  }>`
    select c.external_id as id, m.handle, g.slug as category, c.amount, c.reward, c.counted from contributions c
    join members m on m.community_id = c.community_id and m.member_id = c.member_id
    join categories g on g.community_id = c.community_id and g.category_id = c.category_id`.execute(db);
  const actual = new Map(rows.map(({ id, ...row }) => [id, row]));
  if (actual.size !== rows.length) faults.push(`${rows.length - actual.size} contributions are there twice.`);
  const sums = new Map<string, { omnit: bigint; reputation: bigint }>();
  for (const sent of ledger.sent) {
    const { id, contributor, category, amount, voided, certain } = sent;
    const [handle, reward] = [ledger.survivorOf(contributor), rewardOf(sent)];
    const row = actual.get(id);
    actual.delete(id);
    if (!certain) faults.push(`${id} was never answered.`);
    const isRight =
      row?.handle === handle &&
      row.category === category &&
      row.amount === amount &&
      row.reward === reward &&
      row.counted === !voided;
    if (!isRight)
      faults.push(
        `${id} of ${handle}, ${formatDecimal(amount)}, ${voided ? 'voided' : 'counted'}, is kept as ${show(row)}.`,
      );
    const sum = sums.get(handle) ?? { omnit: 0n, reputation: 0n };
    sums.set(handle, sum);
    if (voided) continue;
    sum.omnit += reward;
    sum.reputation += (amount * CATEGORIES[category].reputation) / 1_000n;
  }
  for (const id of actual.keys()) faults.push(`${id} was never sent, and is kept.`);

  const granted = await readGranted(db);
  for (const [handle, { omnit, reputation }] of sums) {
    const { json } = await caller.insist('GET', `${COMMUNITY}/members/${handle}`);
    const own = granted.get(handle);
    const expected = [
      omnit + (own?.tokens ?? 0n),
      own?.tokens ?? 0n,
      reputation + (own?.reputation ?? 0n),
      own?.governance ?? 0n,
    ];
    const { balances } = json;
    const told = [balances.omnit, balances.granted, json.reputation, balances.governance].map(thousandths);
    if (told.join() !== expected.join())
      faults.push(`${handle} has ${told.join()} in all, and by the sums ${expected.join()}.`);
  }
  return faults;
}

type Granted = { handle: string; tokens: bigint; reputation: bigint; governance: bigint };

async function readGranted(db: Kysely<Database>): Promise<Map<string, Granted>> {
  const { rows } = await sql<Granted>`
    select m.handle,
      coalesce(sum(g.amount) filter (where g.kind = 'tokens'), 0)::bigint as tokens,
      coalesce(sum(g.amount) filter (where g.kind = 'reputation'), 0)::bigint as reputation,
      coalesce(sum(g.amount) filter (where g.kind = 'governance'), 0)::bigint as governance
    from grants g join members m on m.community_id = g.community_id and m.member_id = g.member_id
    group by m.handle`.execute(db);
  return new Map(rows.map((row) => [row.handle, row]));
}

function thousandths(text: string): bigint {
  const parsed = parseDecimal(text);
  if ('thousandths' in parsed) return parsed.thousandths;
  throw new Error(`${text} is no amount.`);
}

function show(row: object | undefined): string {
  if (!row) return 'nothing';
  return JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
