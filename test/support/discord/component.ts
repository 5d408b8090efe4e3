import { ComponentType } from 'discord.js';

/** One option of a select, a radio group or a checkbox group. */
type ComponentOption = {
  label: string;
  value: string;
  description?: string;
  default?: boolean;
  emoji?: { id?: string; name?: string };
};

/** A component of a message or a modal as Discord keeps it: every kind's fields in one type, nulls left out. */
export type Component = {
  type: number;
  id?: number;
  custom_id?: string;
  content?: string;
  label?: string;
  description?: string;
  style?: number;
  url?: string;
  disabled?: boolean;
  placeholder?: string;
  emoji?: { id?: string; name?: string };
  options?: ComponentOption[];
  min_values?: number;
  max_values?: number;
  min_length?: number;
  max_length?: number;
  accent_color?: number;
  spoiler?: boolean;
  divider?: boolean;
  required?: boolean;
  value?: string;
  components?: Component[];
  accessory?: Component;
  component?: Component;
  items?: { media: { url: string }; description?: string; spoiler?: boolean }[];
  media?: { url: string };
  file?: { url: string };
  name?: string;
};

/** The five kinds of select. */
export const SELECT_TYPES: ReadonlySet<number> = new Set([
  ComponentType.StringSelect,
  ComponentType.UserSelect,
  ComponentType.RoleSelect,
  ComponentType.MentionableSelect,
  ComponentType.ChannelSelect,
]);

/** Every component of a tree, parents before their children, in the order in which they are drawn. */
export function* walkComponents(components: readonly Component[]): Generator<Component> {
  for (const component of components) {
    yield component;
    yield* walkComponents(childrenOf(component));
  }
}

function childrenOf(component: Component): Component[] {
  const children = [...(component.components ?? [])];
  if (component.accessory) children.push(component.accessory);
  if (component.component) children.push(component.component);
  return children;
}

/** A copy with an `id` on every component, as Discord fills them in: those given stay, the others count up from 1. */
export function withIds(components: readonly Component[]): Component[] {
  const copy = structuredClone([...components]);
  const taken = new Set([...walkComponents(copy)].map(({ id }) => id));
  let next = 1;
  for (const component of walkComponents(copy)) {
    // 0 means "not given" to Discord.
    if (component.id) continue;
    while (taken.has(next)) next += 1;
    component.id = next;
    taken.add(next);
  }
  return copy;
}
