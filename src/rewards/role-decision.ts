import type { Database } from '../db/database.ts';

/** How a user came by a role, by the bot's own record. */
export type HoldingState = Database['role_holdings']['state'];

/** What is known of a role and a user. */
export type RoleFacts = {
  /** Whether the user's member is entitled to it. */
  wanted: boolean;
  /** By the bot's record; undefined: never heard of. */
  holding: HoldingState | undefined;
  /** Whether the user has it on Discord; undefined: nobody has looked. */
  has: boolean | undefined;
  /** Whether the user has left the server and come back since the record was made, and so lost it. */
  rejoined: boolean;
};

/**
 * What is to be done about a role of a user. `give`, `take`: ask Discord. `note`: write down what was found. `forget`:
 * strike the record, and leave Discord as it is. `nothing`: record, ledger and Discord agree.
 */
export type RoleStep =
  | { do: 'give' | 'take' | 'forget' | 'nothing' }
  | { do: 'note'; holding: Extract<HoldingState, 'ours' | 'theirs' | 'left-alone'> };

/**
 * Decides what to do about a role of a user. The bot takes only what it gave; what the user had before stays, and what
 * somebody took off is not put back. A request under way counts as the bot's: it was written down because the user had
 * not had the role then.
 */
export function decideRole({ wanted, holding, has, rejoined }: RoleFacts): RoleStep {
  if (!wanted) {
    const isOurs = holding === 'ours' || holding === 'giving' || holding === 'taking';
    return { do: isOurs && has !== false ? 'take' : 'forget' };
  }
  switch (holding) {
    case undefined:
      return has === true ? { do: 'note', holding: 'theirs' } : { do: 'give' };
    case 'giving':
    case 'taking':
      return has === true ? { do: 'note', holding: 'ours' } : { do: 'give' };
    case 'ours':
    case 'theirs':
      if (has !== false) return { do: 'nothing' };
      return rejoined ? { do: 'give' } : { do: 'note', holding: 'left-alone' };
    case 'left-alone':
      // Somebody gave it by hand.
      return has === true ? { do: 'note', holding: 'theirs' } : { do: 'nothing' };
  }
}
