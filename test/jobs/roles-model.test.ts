import { describe, expect, it } from 'vitest';
import type { RoleGiver } from '../../src/rewards/role-giver.ts';
import { pick, seededRandom, type Random } from '../demo/random.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInRole } from '../support/discord/world.ts';
import { DAY_MS, RoleScene } from '../support/roles.ts';

const database = useDatabase();

const NAMES = ['ada', 'bob', 'eve'] as const;
const ROLES = ['Champion', 'Veteran'] as const;
const SEEDS = [1, 2, 3, 4, 5, 6];
const ROUNDS = 6;
const STEPS = 14;
const LEASE_MS = 31_000;

/** Which roles people should have, told without records: by who granted, gave and took off what. */
class PlainRoles {
  readonly inGuild = new Set<string>(NAMES);
  readonly linked = new Set<string>(NAMES);
  readonly grants = new Map<string, string[]>();
  /** What a moderator gave to somebody who was owed nothing. */
  readonly theirs = new Set<string>();
  readonly takenOff = new Set<string>();
  /** Taken off, and owed no more for a while: whether that is forgotten depends on whether a run came meanwhile. */
  readonly unsure = new Set<string>();

  isWanted(name: string, role: string): boolean {
    return this.linked.has(name) && (this.grants.get(`${name} ${role}`) ?? []).length > 0;
  }

  isThere(name: string, role: string): boolean {
    const both = `${name} ${role}`;
    return this.inGuild.has(name) && (this.theirs.has(both) || (this.isWanted(name, role) && !this.takenOff.has(both)));
  }

  /** To be called when anything may be owed no more. */
  noteEnds(): void {
    for (const both of this.takenOff) {
      const [name = '', role = ''] = both.split(' ');
      if (!this.isWanted(name, role)) this.unsure.add(both);
    }
  }

  /** Takes over what came of what the model cannot know. */
  learn(has: (name: string, role: string) => boolean): void {
    for (const both of this.unsure) {
      const [name = '', role = ''] = both.split(' ');
      if (!this.isWanted(name, role) || has(name, role)) this.takenOff.delete(both);
    }
    this.unsure.clear();
  }
}

/** A connection that a power cut ends now and then, before or after what was asked for is done. */
function cutOff(giver: RoleGiver, random: Random): RoleGiver {
  const perhaps = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (random() < 0.2) throw new Error('Power cut');
    const result = await work();
    if (random() < 0.2) throw new Error('Power cut');
    return result;
  };
  return {
    readGuild: (guildId) => giver.readGuild(guildId),
    readMember: (...which) => perhaps(() => giver.readMember(...which)),
    setRole: (...what) => perhaps(() => giver.setRole(...what)),
  };
}

describe('roles under any history', () => {
  it.for(SEEDS)(
    'RO-20 everybody has the roles that a plain model says, whatever was cut off (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const scene = await RoleScene.open(database.db);
      for (const name of NAMES.slice(1)) await scene.addMember(name);
      const roles = new Map(ROLES.map((name) => [name, scene.role(name)]));
      const roleOf = (name: (typeof ROLES)[number]): StandInRole => roles.get(name) ?? scene.role(name);
      const plain = new PlainRoles();
      const has = (name: string, role: string) => scene.rolesOf(name).includes(role);
      let keys = 0;

      const step = async (name: (typeof NAMES)[number], role: (typeof ROLES)[number]): Promise<void> => {
        const both = `${name} ${role}`;
        const granted = plain.grants.get(both) ?? [];
        const what = pick(random, [
          'grant',
          'grant',
          'take back',
          'leave',
          'join',
          'unlink',
          'link',
          'run',
          'run',
          'cut',
        ] as const);
        if (what === 'grant') {
          const key = `quest ${(keys += 1)}`;
          await scene.grant(name, roleOf(role), key);
          plain.grants.set(both, [...granted, key]);
        } else if (what === 'take back' && granted[0] !== undefined) {
          await scene.takeBack(name, granted[0]);
          plain.grants.set(both, granted.slice(1));
        } else if (what === 'leave' && plain.inGuild.delete(name)) {
          scene.guild.removeMember(scene.user(name));
          for (const one of ROLES) plain.theirs.delete(`${name} ${one}`);
        } else if (what === 'join' && !plain.inGuild.has(name)) join(name);
        else if (what === 'unlink' && plain.linked.delete(name)) await scene.unlink(name);
        else if (what === 'link' && !plain.linked.has(name)) {
          await scene.link(name);
          plain.linked.add(name);
        } else if (what === 'run') await scene.run();
        else if (what === 'cut') {
          await scene.run(cutOff(scene.giverAt(scene.discord.apiUrl), random)).catch(() => undefined);
          scene.pass(LEASE_MS);
        }
        plain.noteEnds();
      };
      const join = (name: string) => {
        scene.guild.addMember(scene.user(name));
        plain.inGuild.add(name);
      };
      const moderate = (name: (typeof NAMES)[number], role: (typeof ROLES)[number]) => {
        const both = `${name} ${role}`;
        const others = scene.guild.rolesOf(scene.user(name)).filter((one) => one.name !== role);
        if (has(name, role)) {
          scene.guild.setRoles(scene.user(name), others);
          plain.theirs.delete(both);
          if (plain.isWanted(name, role)) plain.takenOff.add(both);
        } else {
          scene.guild.setRoles(scene.user(name), [...others, roleOf(role)]);
          plain.theirs.add(both);
          plain.takenOff.delete(both);
        }
      };
      const settle = async () => {
        scene.pass(8 * DAY_MS);
        await scene.run();
        await scene.run();
        plain.learn(has);
        for (const name of NAMES) {
          const expected = ROLES.filter((role) => plain.isThere(name, role));
          expect([name, scene.rolesOf(name).toSorted()]).toEqual([name, expected.toSorted()]);
        }
      };

      for (let round = 0; round < ROUNDS; round += 1) {
        for (let n = 0; n < STEPS; n += 1) await step(pick(random, NAMES), pick(random, ROLES));
        for (const name of NAMES) if (!plain.inGuild.has(name)) join(name);
        await settle();
        moderate(pick(random, NAMES), pick(random, ROLES));
        await settle();
      }
      const states = (await Promise.all(NAMES.map((name) => scene.states(name)))).flat();
      expect(states.map(([state]) => state)).not.toContain('delivering');
      expect(await scene.plan()).toMatchObject({ give: 0, take: 0, keep: 0 });
    },
  );
});
