import { ComponentType, InteractionType, type APIAttachment } from 'discord.js';
import { SELECT_TYPES, walkComponents, type Component } from '../component.ts';
import type { Context } from '../context.ts';
import type { Interaction, InteractionSubject } from '../interaction.ts';
import { channelPayload, messagePayload, rolePayload, userPayload } from '../payloads.ts';
import { attach, findMessage } from '../messages.ts';
import type { StandInMessage } from '../stand-in-message.ts';
import type { GuildState, StandInFile, StandInUser, StoredMessage } from '../world.ts';
import { act, Refused, resolvedMember } from './dispatch.ts';

/** What is put into the fields of a form, by custom id. */
export type Answers = Record<string, string | string[] | boolean | StandInFile[]>;

/** The same with files as the ids of their attachments. */
type Given = string | string[] | boolean;

/** Presses a button of a message. */
export function pressButton(context: Context, user: StandInUser, shown: StandInMessage, name: string): Interaction {
  const { message, subject } = onMessage(context, user, shown);
  const button = named(
    message,
    (one) => one.type === ComponentType.Button,
    name,
    ({ label }) => label,
  );
  return act(context, subject, `presses [ ${button?.label ?? name} ]`, () => {
    requireUsable(message, user, button, `button "${name}"`);
    if (!button?.custom_id) throw new Refused(`The button "${name}" is a link.`);
    return {
      message: messagePayload(context.world, message),
      data: { component_type: ComponentType.Button, custom_id: button.custom_id, id: button.id },
    };
  });
}

/** Chooses in a select of a message. */
export function selectValues(
  context: Context,
  user: StandInUser,
  shown: StandInMessage,
  name: string,
  values: string[],
): Interaction {
  const { message, subject } = onMessage(context, user, shown);
  const select = named(
    message,
    ({ type }) => SELECT_TYPES.has(type),
    name,
    ({ placeholder }) => placeholder,
  );
  const labels = values.map((value) => select?.options?.find((option) => option.value === value)?.label ?? value);
  return act(context, subject, `chooses ${labels.join(', ')} in [ ${select?.placeholder ?? name} ▾ ]`, (guild) => {
    requireUsable(message, user, select, `select "${name}"`);
    if (!select) throw new Refused(`There is no select "${name}".`);
    requireValues(select, values, name);
    return {
      message: messagePayload(context.world, message),
      data: {
        component_type: select.type,
        custom_id: select.custom_id,
        id: select.id,
        values,
        ...(select.options ? {} : { resolved: resolveEntities(context, guild, subject, values) }),
      },
    };
  });
}

/** Fills in and sends the form that an interaction was answered with. */
export function submitForm(context: Context, user: StandInUser, opener: Interaction, answers: Answers): Interaction {
  const { channel, source } = opener.subject;
  const subject: InteractionSubject = {
    type: InteractionType.ModalSubmit,
    user,
    channel,
    ...(source ? { source } : {}),
  };
  const modal = opener.opened;
  return act(context, subject, `sends the form "${modal?.title ?? '?'}"`, () => {
    if (!modal) throw new Refused('No form is open: await `modal` of the interaction first.');
    if (opener.subject.user.id !== user.id)
      throw new Refused(`The form is open for ${opener.subject.user.username} alone.`);
    const fields = [...walkComponents(modal.components)].filter(({ custom_id }) => custom_id !== undefined);
    const strange = Object.keys(answers).filter((name) => !fields.some(({ custom_id }) => custom_id === name));
    if (strange.length > 0) throw new Refused(`The form has no field ${strange.join(', ')}.`);
    const uploads: [string, APIAttachment][] = [];
    const texts: Record<string, Given> = {};
    for (const [name, answer] of Object.entries(answers)) {
      texts[name] = isFiles(answer)
        ? answer.map((file) => {
            const uploaded = attach(context.world, file);
            uploads.push([uploaded.id, uploaded]);
            return uploaded.id;
          })
        : answer;
    }
    return {
      ...(source ? { message: messagePayload(context.world, source) } : {}),
      data: {
        custom_id: modal.customId,
        components: modal.components.map((one) => filledIn(one, texts)),
        ...(uploads.length > 0 ? { resolved: { attachments: Object.fromEntries(uploads) } } : {}),
      },
    };
  });
}

function isFiles(answer: Answers[string]): answer is StandInFile[] {
  return Array.isArray(answer) && answer.some((one) => typeof one !== 'string');
}

function onMessage(
  context: Context,
  user: StandInUser,
  shown: StandInMessage,
): { message: StoredMessage; subject: InteractionSubject } {
  const message = findMessage(context, shown.id);
  return {
    message,
    subject: { type: InteractionType.MessageComponent, user, channel: message.channel, source: message },
  };
}

function named(
  message: StoredMessage,
  isKind: (component: Component) => boolean,
  name: string,
  labelOf: (component: Component) => string | undefined,
): Component | undefined {
  const all = [...walkComponents(message.components)].filter((component) => isKind(component));
  return all.find(({ custom_id }) => custom_id === name) ?? all.find((component) => labelOf(component) === name);
}

function requireUsable(
  message: StoredMessage,
  user: StandInUser,
  component: Component | undefined,
  what: string,
): void {
  if (message.deleted) throw new Refused('The message is gone.');
  if (message.visibleTo && message.visibleTo.id !== user.id)
    throw new Refused(`Only ${message.visibleTo.username} sees this message.`);
  if (!component) throw new Refused(`There is no ${what} on this message.`);
  if (component.disabled) throw new Refused(`The ${what} is greyed out.`);
}

function requireValues(
  { options, min_values: min = 1, max_values: max = 1 }: Component,
  values: readonly string[],
  name: string,
): void {
  if (values.length < min || values.length > max) throw new Refused(`"${name}" takes ${min} to ${max} values.`);
  const strange = values.filter((value) => options && !options.some((option) => option.value === value));
  if (strange.length > 0) {
    throw new Refused(
      `"${name}" has no ${strange.join(', ')} (${options?.map(({ value }) => value).join(', ') ?? ''}).`,
    );
  }
}

function resolveEntities(
  { world }: Context,
  guild: GuildState,
  subject: InteractionSubject,
  ids: readonly string[],
): Record<string, unknown> {
  const users = ids.flatMap((id) => world.users.get(id) ?? []);
  const members = users.filter(({ id }) => guild.members.has(id));
  return {
    users: Object.fromEntries(users.map((user) => [user.id, userPayload(user)])),
    members: Object.fromEntries(members.map((user) => [user.id, resolvedMember(guild, user, subject)])),
    roles: Object.fromEntries(
      ids.flatMap((id) => guild.roles.get(id) ?? []).map((role) => [role.id, rolePayload(role)]),
    ),
    channels: Object.fromEntries(
      ids.flatMap((id) => guild.channels.get(id) ?? []).map((one) => [one.id, channelPayload(one)]),
    ),
  };
}

/** A component of a form as it is sent: the layout stays, each field carries what was put in. */
function filledIn(component: Component, answers: Record<string, Given>): Record<string, unknown> {
  const { type, id, custom_id: customId } = component;
  if (component.component) return { type, id, component: filledIn(component.component, answers) };
  if (component.components) return { type, id, components: component.components.map((one) => filledIn(one, answers)) };
  if (customId === undefined) return { type, id };
  const answer = answers[customId] ?? component.value ?? presetOf(component);
  checkAnswer(component, answer);
  const base = { type, id, custom_id: customId };
  if (type === ComponentType.TextInput || type === ComponentType.RadioGroup) return { ...base, value: answer ?? '' };
  if (type === ComponentType.Checkbox) return { ...base, value: answer === true };
  return { ...base, values: answer === undefined ? [] : [answer].flat() };
}

function presetOf({ options }: Component): string[] | undefined {
  const preset = options?.filter((option) => option.default).map(({ value }) => value);
  return preset && preset.length > 0 ? preset : undefined;
}

function checkAnswer(component: Component, answer: Given | undefined): void {
  const name = component.custom_id ?? '';
  const required = component.required ?? true;
  const empty = answer === undefined || answer === '' || (Array.isArray(answer) && answer.length === 0);
  if (empty && required && component.type !== ComponentType.Checkbox) throw new Refused(`"${name}" must be filled in.`);
  if (empty) return;
  if (component.type === ComponentType.TextInput && typeof answer === 'string') {
    const { min_length: min = 0, max_length: max = 4_000 } = component;
    const { length } = Array.from(answer);
    if (length < min || length > max) throw new Refused(`"${name}" must be ${min} to ${max} characters long.`);
  }
  if (component.type === ComponentType.FileUpload) {
    const { min_values: min = 1, max_values: max = 1 } = component;
    const { length } = [answer].flat();
    if (length < min || length > max) throw new Refused(`"${name}" takes ${min} to ${max} files.`);
  }
  const strange =
    component.options && [answer].flat().find((value) => !component.options?.some((one) => one.value === value));
  if (strange !== undefined) throw new Refused(`"${name}" has no ${strange}.`);
}
