import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { decodeChoice, encodeChoice } from '../../src/discord/contribution-view.ts';
import { END_OF_TIME } from '../../src/ranking/calendar.ts';
import { contribution, record } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene, type Scene } from '../support/discord-bot.ts';

const database = useDatabase();
const REASON = 'Its *clock* was wrong \\ `twice` @everyone';

async function fill({ ranking, community }: Scene): Promise<void> {
  await record(ranking, community, [
    contribution({ id: 'a/1', contributor: 'alice', amount: 4, subject: 'H100', occurredAt: '2026-08-19T10:00:00Z' }),
    contribution({ id: 'a/2', contributor: 'alice', amount: 1, occurredAt: '2026-08-20T10:00:00Z' }),
    contribution({ id: 'b/1', contributor: 'bert', amount: 3, displayName: 'Bert' }),
  ]);
}

const board = async ({ discord, guild, channel }: Scene) =>
  (await discord.runCommand(guild.owner, channel, 'leaderboard').answer).text();

describe('/contribution', () => {
  it('VO-30 asks first, with what will change, and voids for the reason given once it is confirmed', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, community } = scene;
    await fill(scene);
    const offered = await discord.autocomplete(
      guild.owner,
      channel,
      'contribution void',
      { member: 'alice', contribution: 'h100' },
      'contribution',
    );
    expect(offered.map(({ name }) => name)).toEqual(['Aug 19, 2026, 10:00 AM · 4 GPU-hours · H100 · test a/1']);
    const chosen = { member: 'alice', reason: REASON, contribution: String(offered[0]?.value) };
    const asked = await discord.runCommand(guild.owner, channel, 'contribution void', chosen).answer;
    expect(asked.ephemeral).toBe(true);
    expect(asked.text()).toContain('Void 1 contribution of alice?');
    expect(asked.text()).toContain('25 OMNIT less.');
    expect(asked.text()).toContain('Top GPU Contributors, Season 2026-Q3: 1st with 31.25 OMNIT → 2nd with 6.25 OMNIT');
    expect(asked.text()).toContain(`Reason ${REASON}`);
    expect(await board(scene)).toContain('🥇 1st · alice · 31.25 OMNIT');

    await discord.press(guild.owner, asked, 'Void 1 contribution').answer;
    expect(asked.text()).toContain('Voided 1 contribution of alice');
    expect(await board(scene)).toContain('🥇 1st · Bert · 18.75 OMNIT');
    const changes = await database.db
      .selectFrom('contribution_changes')
      .select(['kind', 'reason', 'actor'])
      .where('community_id', '=', community.id)
      .execute();
    expect(changes).toEqual([{ kind: 'void', reason: REASON, actor: `Discord user ${guild.owner.id}` }]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('VO-31 un-voids, offers only what is voided, and says when there is nothing to do', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    await fill(scene);
    const range = { member: 'alice', reason: 'x', from: '2026-08-19', to: '2026-08-20 0:00' };
    const first = await discord.runCommand(guild.owner, channel, 'contribution void', range).answer;
    const second = await discord.runCommand(guild.owner, channel, 'contribution void', range).answer;
    await discord.press(guild.owner, first, 'Void 1 contribution').answer;
    await discord.press(guild.owner, second, 'Void 1 contribution').answer;
    expect(second.text()).toContain('Nothing of alice there is left to be voided.');
    const options = { member: 'alice', contribution: '' };
    const voided = await discord.autocomplete(guild.owner, channel, 'contribution unvoid', options, 'contribution');
    expect(voided).toHaveLength(1);
    const value = String(voided[0]?.value);
    const again = await discord.runCommand(guild.owner, channel, 'contribution void', {
      member: 'alice',
      reason: 'x',
      contribution: value,
    }).answer;
    expect(again.text()).toContain('This contribution of alice is voided already, by @');
    const back = await discord.runCommand(guild.owner, channel, 'contribution unvoid', {
      member: 'alice',
      reason: 'It was right',
      contribution: value,
    }).answer;
    await discord.press(guild.owner, back, 'Un-void 1 contribution').answer;
    expect(await board(scene)).toContain('🥇 1st · alice · 31.25 OMNIT');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('VO-32 is for those who may manage the server, and refuses what it cannot mean', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ada } = scene;
    await fill(scene);
    const options = { member: 'alice', reason: 'x', from: '2026-08-19', to: '2026-08-20' };
    await expect(discord.runCommand(ada, channel, 'contribution void', options).answer).rejects.toThrow('permission');
    guild.addMember(ada, { permissions: PermissionFlagsBits.ManageGuild });
    const told = async (more: Record<string, string>) =>
      (await discord.runCommand(ada, channel, 'contribution void', { ...options, ...more }).answer).text();
    expect(await told({ to: '2026-02-30' })).toContain('names a day that does not exist');
    expect(await told({ to: '2026-08-18' })).toContain('is not before');
    expect(await told({ member: 'nobody' })).toContain('There is no member "nobody"');
    expect(await told({ contribution: 'x' })).toContain('Give contribution for one, or both from and to');
    expect(await told({ reason: '  ' })).toContain('The reason is empty');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('VO-33 its buttons hold nothing that was not written by it', () => {
    const at = { at: new Date(0), kind: 'contribution', number: 7n } as const;
    for (const which of [{ at }, { from: new Date(0), to: END_OF_TIME }]) {
      const choice = { kind: 'unvoid', memberId: 2 ** 31 - 1, which } as const;
      expect(encodeChoice(choice).length).toBeLessThanOrEqual(100);
      expect(decodeChoice(encodeChoice(choice))).toEqual(choice);
    }
    for (const text of [
      '1:one:0.c.1',
      'void:1:one:',
      'void:9999999999:one:0.c.1',
      'void:1:range:0',
      'void:1:range:0:zzzzzzzzzz',
      'void:1:one:0.x.1',
    ]) {
      expect(decodeChoice(`contribution:1:${text}`)).toBe(undefined);
    }
  });
});
