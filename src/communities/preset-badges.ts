import type { NewBadge } from '../badges/badge.ts';

/** Worth collecting in a network of compute, data and tests. */
export const OMNITENSOR_BADGES: readonly NewBadge[] = [
  {
    name: 'First Spark',
    icon: '⚡',
    description: 'The first hours of GPU shared. The network just got brighter.',
    rule: { kind: 'contributions', atLeast: 1, category: 'gpu-contributors' },
  },
  {
    name: 'Sharp Eye',
    icon: '🔍',
    description: 'The first data validated. Good models begin with somebody who looks closely.',
    rule: { kind: 'contributions', atLeast: 1, category: 'data-validators' },
  },
  {
    name: 'Lab Coat',
    icon: '🧪',
    description: 'The first model put to the test.',
    rule: { kind: 'contributions', atLeast: 1, category: 'model-testers' },
  },
  {
    name: 'All-Rounder',
    icon: '🌈',
    description: 'GPU, data and models, all within one season.',
    rule: {
      kind: 'categories',
      categories: ['gpu-contributors', 'data-validators', 'model-testers'],
      window: 'season',
    },
    kind: 'counted',
  },
  {
    name: 'Warmed Up',
    icon: '🔥',
    description: 'There every week for a month.',
    rule: { kind: 'streak', weeks: 4 },
  },
  {
    name: 'Steady Flame',
    icon: '🕯️',
    description: 'There every week for a whole season.',
    rule: { kind: 'streak', weeks: 12 },
  },
  {
    name: 'Eternal Sun',
    icon: '☀️',
    description: 'There every week for half a year.',
    rule: { kind: 'streak', weeks: 26 },
  },
  {
    name: 'Good to See You',
    icon: '👋',
    description: 'Back after four weeks or more. You were missed.',
    rule: { kind: 'comeback', weeks: 4 },
  },
  {
    name: 'Quest Master',
    icon: '🗺️',
    description: 'Ten quests completed.',
    rule: { kind: 'quests', atLeast: 10 },
  },
  {
    name: 'Feedback That Mattered',
    icon: '💬',
    description: 'Three times, what you wrote made something better.',
    rule: { kind: 'feedback', atLeast: 3 },
  },
  {
    name: 'Hundred Club',
    icon: '💯',
    description: 'A hundred contributions.',
    rule: { kind: 'contributions', atLeast: 100 },
  },
  {
    name: 'Pillar of the Network',
    icon: '🏛️',
    description: 'A thousand contributions. Others build on you.',
    rule: { kind: 'contributions', atLeast: 1_000 },
  },
  {
    name: 'Star of the Month',
    icon: '🌟',
    description: 'First on a board when the month became final.',
    rule: { kind: 'rank', window: 'month', atMost: 1 },
  },
  {
    name: 'Season Champion',
    icon: '🏆',
    description: 'First on a board when the season became final.',
    rule: { kind: 'rank', window: 'season', atMost: 1 },
  },
  // Those that the prizes of the preset give.
  {
    name: 'GPU Contributor of the Month',
    icon: '🖥️',
    description: 'Nobody shared more GPU in a month.',
  },
  {
    name: 'Top 3 GPU Contributor',
    icon: '🥉',
    description: 'Among the first three of a month.',
  },
  {
    name: 'Top 10 GPU Contributor',
    icon: '🔟',
    description: 'Among the first ten of a month.',
  },
  {
    name: 'Data Validator of the Month',
    icon: '🧿',
    description: 'Among the sharpest eyes of a month.',
  },
];
