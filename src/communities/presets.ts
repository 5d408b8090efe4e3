import type { NewBadge } from '../badges/badge.ts';
import type { Measure } from './community.ts';
import type { PresetPrize } from '../rewards/add-preset-prizes.ts';
import { OMNITENSOR_BADGES } from './preset-badges.ts';
import { OMNITENSOR_PRIZES } from './preset-prizes.ts';

/** A category as it is created. Rate and reputation a unit, in thousandths; the rate holds from the beginning of time. */
export type NewCategory = {
  slug: string;
  title: string;
  unit: string;
  measure: Measure;
  rate: bigint;
  reputation: bigint;
};

/** What a community can be created with. */
export const PRESETS = {
  omnitensor: {
    name: 'OmniTensor',
    categories: [
      {
        slug: 'gpu-contributors',
        title: 'Top GPU Contributors',
        unit: 'GPU-hour',
        measure: 'reward',
        rate: 6_250n,
        reputation: 0n,
      },
      {
        slug: 'data-validators',
        title: 'Data Validators',
        unit: 'dataset',
        measure: 'amount',
        rate: 10_000n,
        reputation: 5_000n,
      },
      {
        slug: 'model-testers',
        title: 'AI Model Testers',
        unit: 'test',
        measure: 'amount',
        rate: 4_000n,
        reputation: 2_000n,
      },
    ],
    badges: OMNITENSOR_BADGES,
    prizes: OMNITENSOR_PRIZES,
  },
} as const satisfies Record<
  string,
  {
    name: string;
    categories: readonly NewCategory[];
    badges: readonly NewBadge[];
    prizes: readonly PresetPrize[];
  }
>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = ['omnitensor'] as const satisfies readonly PresetName[];
