import { sql } from 'kysely';
import { connect } from '../../src/db/connect.ts';
import { componentIdOf } from '../../src/discord/announcement-messages.ts';
import type { Installation } from './installation.ts';

type State = 'waiting' | 'claimed' | 'delivered' | 'joined' | 'failed' | 'unsure' | 'dropped';

type Row = { key: string; state: State; leadId: number | null; closed: string | null };

/** What was to be said, as far as it was seen: what was said long ago is forgotten by the product, and remembered here. */
export class SaidRecord {
  readonly #installation: Installation;
  readonly #known = new Map<number, Row>();

  constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** Looks at what is to be said at the moment. For while PostgreSQL runs. */
  async note(): Promise<void> {
    const db = connect(await this.#installation.databaseUrl(), { maxConnections: 1 });
    try {
      const { rows } = await sql<Row & { id: number }>`
        select announcement_id as id, key, state, lead_id as "leadId",
          case kind when 'window-final' then content ->> 'window' || ' ' || (content ->> 'period') end as closed
        from announcements`.execute(db);
      for (const { id, ...row } of rows) this.#known.set(id, row);
    } finally {
      await db.destroy();
    }
  }

  /** How often it was to be said that a window is final, such as `week 2027-W34`. */
  timesClosed(slot: string): number {
    return [...this.#known.values()].filter(({ closed }) => closed === slot).length;
  }

  /** Says where what was said is not what people have seen. `seen`: how often there is a message with a component of an id. */
  compare(seen: ReadonlyMap<number, number>): string[] {
    const faults: string[] = [];
    const expected = new Set<number>();
    for (const [id, { key, state, leadId }] of this.#known) {
      if (state === 'joined' && this.#known.get(leadId ?? 0)?.state !== 'delivered') {
        faults.push(`"${key}" was said with announcement ${leadId}, which was not said.`);
      }
      if (!['delivered', 'joined', 'dropped', 'waiting'].includes(state)) faults.push(`"${key}" is ${state}.`);
      if (state === 'delivered') expected.add(componentIdOf(id));
    }
    for (const componentId of expected) {
      const times = seen.get(componentId) ?? 0;
      if (times !== 1) faults.push(`The message with component ${componentId} is there ${times} times.`);
    }
    for (const componentId of seen.keys()) {
      if (!expected.has(componentId))
        faults.push(`A message with component ${componentId} is there, and was not to be.`);
    }
    return faults;
  }
}
