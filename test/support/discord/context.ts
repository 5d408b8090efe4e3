import type { Faults } from './faults.ts';
import type { Gateway } from './gateway.ts';
import type { Interaction } from './interaction.ts';
import type { RateLimits } from './rest/rate-limits.ts';
import type { Transcript } from './transcript/transcript.ts';
import type { World } from './world.ts';

/** The parts of a running stand-in, as its routes and hands need them. */
export type Context = {
  readonly world: World;
  readonly gateway: Gateway;
  readonly faults: Faults;
  readonly transcript: Transcript;
  /** Undefined: requests are not limited. */
  readonly rateLimits: RateLimits | undefined;
  /** Every interaction so far, by its id and by its token. */
  readonly interactions: Map<string, Interaction>;
};
