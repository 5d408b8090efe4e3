import type { DemoApi } from './sender.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Gives the example community quests and a multiplier event to come, unless it has some that are not over yet. */
export async function makeAttractions(api: DemoApi, now: Date): Promise<void> {
  const at = (ms: number) => new Date(now.getTime() + ms).toISOString();
  const { quests } = await api.read('/quests');
  if (!Array.isArray(quests) || quests.length === 0) {
    await api.make('/quests', {
      name: 'A day of GPU',
      description: 'Share a GPU for 24 hours this week.',
      startsAt: at(-DAY_MS),
      endsAt: at(60 * DAY_MS),
      recurrence: 'weekly',
      goal: { category: 'gpu-contributors', amount: '24' },
      rewards: [
        { kind: 'tokens', amount: '25' },
        { kind: 'badge', name: 'Day of GPU' },
      ],
    });
    await api.make('/quests', {
      name: 'First three datasets',
      description: 'The first ten who validate three datasets win.',
      startsAt: at(-HOUR_MS),
      endsAt: at(3 * DAY_MS),
      goal: { category: 'data-validators', amount: '3' },
      maxWinners: 10,
      rewards: [
        { kind: 'tokens', amount: '100' },
        { kind: 'reputation', amount: '10' },
      ],
    });
  }
  const { multipliers } = await api.read('/multipliers?limit=1');
  const [first] = Array.isArray(multipliers) ? multipliers : [];
  if (first?.status === 'scheduled' || first?.status === 'running') return;
  await api.make('/multipliers', {
    name: 'Stress test',
    factor: '2',
    startsAt: at(6 * 60_000),
    endsAt: at(2 * HOUR_MS),
    categories: ['gpu-contributors'],
    announceAt: at(5_000),
  });
}
