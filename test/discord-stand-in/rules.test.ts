import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import type { StandInGuild } from '../support/discord/guild.ts';
import type { StandInChannel } from '../support/discord/world.ts';

const V2 = MessageFlags.IsComponentsV2;

let standIn: DiscordStandIn;
let guild: StandInGuild;
let channel: StandInChannel;

beforeAll(async () => {
  standIn = await DiscordStandIn.start();
  guild = standIn.createGuild({ name: 'OmniTensor' });
  channel = guild.createChannel({ name: 'general' });
});
afterAll(async () => standIn.close());

type Answer = { status: number; body: Record<string, unknown> };

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bot ${standIn.token}`, 'content-type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${standIn.apiUrl}/v10${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

const text = (content: string): object => ({ type: 10, content });
const button = (id: string, more: object = {}): object => ({ type: 2, style: 2, label: id, custom_id: id, ...more });
const row = (...components: object[]): object => ({ type: 1, components });
const select = (options: object[], more: object = {}): object => ({ type: 3, custom_id: 'select', options, ...more });
const option = (value: string, more: object = {}): object => ({ label: value, value, ...more });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const container = (...components: object[]): object => ({ type: 17, components });

test.for<[rule: string, body: object, code: string]>([
  ['content over 2,000 characters', { content: 'x'.repeat(2_001) }, 'BASE_TYPE_MAX_LENGTH'],
  ['a field of the wrong type', { content: 5 }, 'BASE_TYPE_INVALID'],
  [
    'V2 with content',
    { flags: V2, content: 'x', components: [text('x')] },
    'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
  ],
  [
    'V2 with embeds',
    { flags: V2, embeds: [{ title: 'x' }], components: [text('x')] },
    'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
  ],
  ['V2 components without the flag', { components: [text('x')] }, 'UNION_TYPE_CHOICES'],
  ['a container in a container', { flags: V2, components: [container(container(text('x')))] }, 'UNION_TYPE_CHOICES'],
  [
    '41 components, nested ones counted',
    { flags: V2, components: times(4, () => container(...times(10, () => text('x')))) },
    'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
  ],
  [
    'more than 4,000 characters together',
    { flags: V2, components: [text('x'.repeat(2_000)), text('x'.repeat(2_001))] },
    'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
  ],
  ['an empty text', { flags: V2, components: [text('')] }, 'BASE_TYPE_MIN_LENGTH'],
  [
    'a custom id twice',
    { content: 'x', components: [row(button('a')), row(button('a'))] },
    'COMPONENT_CUSTOM_ID_DUPLICATED',
  ],
  [
    'a component id twice',
    { content: 'x', components: [row(button('a', { id: 7 }), button('b', { id: 7 }))] },
    'COMPONENT_ID_DUPLICATED',
  ],
  [
    'a custom id over 100 characters',
    { content: 'x', components: [row(button('a', { custom_id: 'x'.repeat(101) }))] },
    'BASE_TYPE_MAX_LENGTH',
  ],
  [
    'a button without a custom id',
    { content: 'x', components: [row({ type: 2, style: 1, label: 'x' })] },
    'BASE_TYPE_REQUIRED',
  ],
  [
    'a link with a custom id',
    { content: 'x', components: [row(button('a', { style: 5, url: 'https://a.example' }))] },
    'BUTTON_COMPONENT_CUSTOM_ID_INVALID',
  ],
  [
    'six buttons in a row',
    { content: 'x', components: [row(...times(6, (n) => button(`b${n}`)))] },
    'BASE_TYPE_MAX_LENGTH',
  ],
  [
    'a select beside a button',
    { content: 'x', components: [row(select([option('a')]), button('b'))] },
    'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
  ],
  ['26 options', { content: 'x', components: [row(select(times(26, (n) => option(`${n}`))))] }, 'BASE_TYPE_MAX_LENGTH'],
  [
    'an option value twice',
    { content: 'x', components: [row(select([option('a'), option('a')]))] },
    'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
  ],
  [
    'two defaults where one is taken',
    { content: 'x', components: [row(select([option('a', { default: true }), option('b', { default: true })]))] },
    'SELECT_COMPONENT_DEFAULT_OPTIONS_EXCEEDED',
  ],
  [
    'more values than options',
    { content: 'x', components: [row(select([option('a')], { max_values: 2 }))] },
    'SELECT_COMPONENT_MAX_VALUES_TOO_LARGE',
  ],
  ['six rows', { content: 'x', components: times(6, (n) => row(button(`b${n}`))) }, 'BASE_TYPE_BAD_LENGTH'],
  [
    'mentions parsed and listed',
    { content: 'x', allowed_mentions: { parse: ['users'], users: ['1'] } },
    'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
  ],
  ["a flag that is Discord's own", { content: 'x', flags: MessageFlags.Loading }, 'MESSAGE_FLAGS_INVALID'],
])('DS-20 a message is refused: %s', async ([, body, code]) => {
  const answer = await call('POST', `/channels/${channel.id}/messages`, body);
  expect(answer).toMatchObject({ status: 400, body: { code: 50035, message: 'Invalid Form Body' } });
  expect(JSON.stringify(answer.body['errors'])).toContain(`"code":"${code}"`);
  expect(standIn.requests.at(-1)?.problems.join()).toContain(code);
});

test.for<[rule: string, body: object]>([
  ['nothing at all', {}],
  ['white space', { content: ' \n ' }],
  ['V2 without components', { flags: V2, components: [] }],
])('DS-21 an empty message is refused: %s', async ([, body]) => {
  expect(await call('POST', `/channels/${channel.id}/messages`, body)).toMatchObject({
    status: 400,
    body: { code: 50006 },
  });
});

test('DS-22 what Discord takes, at its limits, is taken', async () => {
  const fits = { flags: V2, components: [container(text('x'.repeat(4_000)), ...times(38, () => ({ type: 14 })))] };
  expect((await call('POST', `/channels/${channel.id}/messages`, fits)).status).toBe(200);
  expect((await call('POST', `/channels/${channel.id}/messages`, { content: 'x'.repeat(2_000) })).status).toBe(200);
});

test('DS-23 component ids come back as given, others are filled in; a nonce never comes back', async () => {
  const body = { flags: V2, nonce: '5', components: [{ ...container(text('x')), id: 2_000_000_000 }, text('y')] };
  const { body: sent } = await call('POST', `/channels/${channel.id}/messages`, body);
  const { body: read } = await call('GET', `/channels/${channel.id}/messages/${String(sent['id'])}`);
  expect(read).not.toHaveProperty('nonce');
  expect(read['components']).toMatchObject([{ id: 2_000_000_000, components: [{ id: 1 }] }, { id: 2 }]);
});

test('DS-24 the Components V2 flag stays on a message, and is set by an edit once nothing else is left', async () => {
  const path = `/channels/${channel.id}/messages`;
  const { body: v2 } = await call('POST', path, { flags: V2, components: [text('x')] });
  const change = async (id: unknown, body: object): Promise<Answer> => call('PATCH', `${path}/${String(id)}`, body);
  expect((await change(v2['id'], { flags: 0 })).body).toMatchObject({ code: 50035 });
  expect((await change(v2['id'], { content: 'x' })).body).toMatchObject({ code: 50035 });
  expect((await change(v2['id'], { components: [text('z')] })).body).toMatchObject({ flags: V2 });
  const { body: old } = await call('POST', path, { content: 'x' });
  expect((await change(old['id'], { flags: V2, components: [text('x')] })).body).toMatchObject({ code: 50035 });
  expect((await change(old['id'], { flags: V2, content: null, components: [text('x')] })).body).toMatchObject({
    flags: V2,
  });
});

test('DS-25 messages are listed newest first, before, after and around an id, and never ephemeral ones', async () => {
  const quiet = guild.createChannel({ name: 'quiet' });
  const path = `/channels/${quiet.id}/messages`;
  const ids: string[] = [];
  for (const n of times(5, String)) ids.push(String((await call('POST', path, { content: n })).body['id']));
  const list = async (query: string): Promise<unknown[]> => {
    const { body } = await call('GET', `${path}?${query}`);
    return Object.values(body).map((message) => (message as { content: string }).content);
  };
  expect(await list('limit=2')).toEqual(['4', '3']);
  expect(await list(`before=${ids[2]}`)).toEqual(['1', '0']);
  expect(await list(`after=${ids[1]}&limit=2`)).toEqual(['3', '2']);
  expect(await list(`around=${ids[2]}&limit=3`)).toEqual(['3', '2', '1']);
  expect((await call('DELETE', `${path}/${ids[4]}`)).status).toBe(204);
  expect((await call('GET', `${path}/${ids[4]}`)).body).toMatchObject({ code: 10008 });
  expect(await list('limit=1')).toEqual(['3']);
});

test('DS-26 a channel out of reach answers 50001, one that does not exist 10003', async () => {
  const secret = guild.createChannel({ name: 'secret', denyBot: true });
  const post = async (id: string): Promise<Answer> => call('POST', `/channels/${id}/messages`, { content: 'x' });
  expect(await post(secret.id)).toMatchObject({ status: 403, body: { code: 50001 } });
  expect(await post('1')).toMatchObject({ status: 404, body: { code: 10003 } });
});

const option3 = (name: string, more: object = {}): object => ({ type: 3, name, description: 'd', ...more });
const command = (more: object = {}): object => ({ name: 'board', description: 'd', ...more });

test.for<[rule: string, body: object, code: string]>([
  ['a name in upper case', command({ name: 'Board' }), 'APPLICATION_COMMAND_INVALID_NAME'],
  ['a name with a space', command({ name: 'a b' }), 'APPLICATION_COMMAND_INVALID_NAME'],
  ['a name over 32 characters', command({ name: 'x'.repeat(33) }), 'BASE_TYPE_MAX_LENGTH'],
  ['no description', { name: 'board' }, 'BASE_TYPE_REQUIRED'],
  ['a description over 100 characters', command({ description: 'x'.repeat(101) }), 'BASE_TYPE_MAX_LENGTH'],
  ['an option without a description', command({ options: [{ type: 3, name: 'a' }] }), 'BASE_TYPE_REQUIRED'],
  ['an option name in upper case', command({ options: [option3('A')] }), 'APPLICATION_COMMAND_INVALID_NAME'],
  [
    'an option name twice',
    command({ options: [option3('a'), option3('a')] }),
    'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
  ],
  [
    'a required option after an optional one',
    command({ options: [option3('a'), option3('b', { required: true })] }),
    'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
  ],
  ['26 options', command({ options: times(26, (n) => option3(`o${n}`)) }), 'BASE_TYPE_MAX_LENGTH'],
  [
    '26 choices',
    command({ options: [option3('a', { choices: times(26, (n) => ({ name: `${n}`, value: `${n}` })) })] }),
    'BASE_TYPE_MAX_LENGTH',
  ],
  [
    'autocomplete with choices',
    command({ options: [option3('a', { autocomplete: true, choices: [{ name: 'x', value: 'x' }] })] }),
    'APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES',
  ],
  [
    'subcommands beside options',
    command({ options: [{ type: 1, name: 's', description: 'd' }, option3('a')] }),
    'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
  ],
  [
    'more than 8,000 characters',
    command({
      options: times(25, (n) =>
        option3(`o${n}`, {
          description: 'x'.repeat(100),
          choices: times(25, (m) => ({ name: `${'n'.repeat(10)}${m}`, value: `${m}` })),
        }),
      ),
    }),
    'APPLICATION_COMMAND_TOO_LARGE',
  ],
  [
    'a menu command with a description',
    { type: 2, name: 'Standing', description: 'd' },
    'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID',
  ],
])('DS-27 a command is refused: %s', async ([, body, code]) => {
  const path = `/applications/${standIn.applicationId}/commands`;
  for (const [method, sent] of [
    ['POST', body],
    ['PUT', [body]],
  ] as const) {
    const answer = await call(method, path, sent);
    expect(answer).toMatchObject({ status: 400, body: { code: 50035 } });
    expect(JSON.stringify(answer.body['errors'])).toContain(code);
  }
});

test('DS-28 commands are kept by scope, replaced by name, changed and deleted', async () => {
  const path = `/applications/${standIn.applicationId}/guilds/${guild.id}/commands`;
  const { body: made, status } = await call('POST', path, command({ default_member_permissions: '32' }));
  expect(status).toBe(201);
  expect(made).toMatchObject({ type: 1, default_member_permissions: '32', guild_id: guild.id });
  const again = await call('POST', path, command({ description: 'other' }));
  expect(again).toMatchObject({ status: 200, body: { id: made['id'], description: 'other' } });
  expect((await call('PUT', path, [command(), command()])).body).toMatchObject({ code: 50035 });
  const { body: put } = await call('PUT', path, [command(), { type: 2, name: 'Standing' }]);
  expect(put).toMatchObject([{ id: made['id'] }, { type: 2 }]);
  const one = `${path}/${String(made['id'])}`;
  expect((await call('PATCH', one, { description: 'changed' })).body).toMatchObject({ description: 'changed' });
  expect((await call('DELETE', one)).status).toBe(204);
  expect((await call('DELETE', one)).body).toMatchObject({ code: 10063 });
  expect((await call('GET', path)).body).toMatchObject([{ name: 'Standing' }]);
});

test("DS-29 only roles below the bot's own can be given, and only with the permissions that the bot has", async () => {
  const user = standIn.createUser({ username: 'ada' });
  guild.addMember(user);
  const low = guild.createRole({ name: 'winner', position: 1 });
  const high = guild.createRole({ name: 'boss', position: guild.botRole.position });
  const give = async (member: string, role: string): Promise<Answer> =>
    call('PUT', `/guilds/${guild.id}/members/${member}/roles/${role}`);
  expect((await give(user.id, low.id)).status).toBe(204);
  expect(guild.rolesOf(user)).toEqual([low]);
  expect((await give(user.id, high.id)).body).toMatchObject({ code: 50013 });
  expect((await give(user.id, guild.botRole.id)).body).toMatchObject({ code: 50013 });
  expect((await give(user.id, '1')).body).toMatchObject({ code: 10011 });
  expect((await give('1', low.id)).body).toMatchObject({ code: 10007 });
  const make = async (permissions: bigint): Promise<Answer> =>
    call('POST', `/guilds/${guild.id}/roles`, { name: 'made', permissions: String(permissions) });
  expect((await make(PermissionFlagsBits.Administrator)).body).toMatchObject({ code: 50013 });
  const { body: made } = await make(0n);
  expect((await call('DELETE', `/guilds/${guild.id}/roles/${String(made['id'])}`)).status).toBe(204);
});

test('DS-30 scheduled events need a place and an end, lie ahead, and end by themselves', async () => {
  const path = `/guilds/${guild.id}/scheduled-events`;
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const event = {
    name: '2x week',
    privacy_level: 2,
    entity_type: 3,
    entity_metadata: { location: 'everywhere' },
    scheduled_start_time: at(60_000),
    scheduled_end_time: at(120_000),
  };
  const { body: made } = await call('POST', path, event);
  expect(made).toMatchObject({ status: 1, creator_id: standIn.applicationId });
  for (const wrong of [
    { scheduled_end_time: null },
    { entity_metadata: undefined },
    { scheduled_start_time: at(-60_000) },
    { scheduled_end_time: at(1_000) },
  ]) {
    expect((await call('POST', path, { ...event, ...wrong })).body).toMatchObject({ code: 50035 });
  }
  const one = `${path}/${String(made['id'])}`;
  expect((await call('PATCH', one, { status: 2 })).body).toMatchObject({ status: 2 });
  expect((await call('PATCH', one, { status: 4 })).body).toMatchObject({ code: 180000 });
  expect((await call('PATCH', one, { status: 3 })).status).toBe(200);
  expect((await call('GET', one)).body).toMatchObject({ code: 10070 });
});

test('DS-31 application emojis are made, listed, renamed and deleted', async () => {
  const path = `/applications/${standIn.applicationId}/emojis`;
  const image = `data:image/png;base64,${Buffer.from('png').toString('base64')}`;
  const { body: made, status } = await call('POST', path, { name: 'gold', image });
  expect(status).toBe(201);
  expect((await call('POST', path, { name: 'gold', image })).body).toMatchObject({ code: 50035 });
  expect((await call('POST', path, { name: 'no spaces', image })).body).toMatchObject({ code: 50035 });
  const one = `${path}/${String(made['id'])}`;
  expect((await call('PATCH', one, { name: 'golden' })).body).toMatchObject({ name: 'golden' });
  expect((await call('GET', path)).body).toMatchObject({ items: [{ name: 'golden' }] });
  expect((await call('DELETE', one)).status).toBe(204);
  expect((await call('GET', one)).body).toMatchObject({ code: 10014 });
});

test("DS-32 broken JSON and unknown addresses are told in Discord's shape", async () => {
  const headers = { authorization: `Bot ${standIn.token}`, 'content-type': 'application/json' };
  const broken = await fetch(`${standIn.apiUrl}/v10/channels/${channel.id}/messages`, {
    method: 'POST',
    headers,
    body: '{',
  });
  expect(await broken.json()).toMatchObject({ code: 50109 });
  expect(await call('GET', '/nothing')).toMatchObject({ status: 404, body: { message: '404: Not Found' } });
  expect((await call('POST', '/interactions/1/abc/callback', { type: 5 })).body).toMatchObject({ code: 10062 });
  expect((await call('POST', `/webhooks/${standIn.applicationId}/abc`, { content: 'x' })).body).toMatchObject({
    code: 10015,
  });
});

test('DS-34 held "after" is a request that was carried out, and none that failed or was refused', async () => {
  const path = `/channels/${channel.id}/messages`;
  const hold = standIn.faults.holdNext(`POST ${path}`, 'after');
  standIn.faults.failNext(`POST ${path}`, 500);
  standIn.faults.rateLimitNext(`POST ${path}`, 1);
  expect((await call('POST', path, { content: 'x' })).status).toBe(500);
  expect((await call('POST', path, { content: 'x' })).status).toBe(429);
  expect((await call('POST', path, {})).status).toBe(400);
  const sent = call('POST', path, { content: 'held' });
  await hold.arrived;
  expect(standIn.messages(channel).at(-1)?.text()).toBe('held');
  hold.release();
  expect((await sent).status).toBe(200);
});
