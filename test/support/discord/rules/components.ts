import { ButtonStyle, ComponentType } from 'discord.js';
import { SELECT_TYPES, walkComponents, type Component } from '../component.ts';
import type { FormProblem } from '../discord-error.ts';

const MAX_COMPONENTS = 40;
const MAX_TEXT = 4_000;
const MAX_ROW_WIDTH = 5;
const MAX_LEGACY_ROWS = 5;

type Place = { path: readonly (string | number)[]; component: Component };

/** What Discord objects to in a message's components beyond its description; `v2` as the message's flag says. */
export function componentProblems(components: readonly Component[], v2: boolean): FormProblem[] {
  const places = [...placesOf(components, ['components'])];
  return [
    ...(v2 ? layoutProblems(components, places) : legacyProblems(components)),
    ...duplicateProblems(places),
    ...places.flatMap(singleProblems),
  ];
}

/** The same for a modal. */
export function modalProblems(components: readonly Component[]): FormProblem[] {
  const places = [...placesOf(components, ['components'])];
  const fields = places.filter(
    ({ component }) => component.type === ComponentType.Label || component.type === ComponentType.TextInput,
  );
  const top = components.length;
  const problems = [...duplicateProblems(places), ...places.flatMap(singleProblems)];
  if (top > 5)
    problems.push({
      path: ['components'],
      code: 'BASE_TYPE_BAD_LENGTH',
      message: 'Must be between 1 and 5 in length.',
    });
  if (fields.length === 0)
    problems.push({ path: ['components'], code: 'BASE_TYPE_REQUIRED', message: 'A modal needs a field to fill in' });
  return problems;
}

function* placesOf(components: readonly Component[], path: readonly (string | number)[]): Generator<Place> {
  for (const [index, component] of components.entries()) yield* placesIn(component, [...path, index]);
}

function* placesIn(component: Component, path: readonly (string | number)[]): Generator<Place> {
  yield { path, component };
  if (component.components) yield* placesOf(component.components, [...path, 'components']);
  if (component.accessory) yield* placesIn(component.accessory, [...path, 'accessory']);
  if (component.component) yield* placesIn(component.component, [...path, 'component']);
}

function layoutProblems(components: readonly Component[], places: readonly Place[]): FormProblem[] {
  const problems: FormProblem[] = [];
  if (places.length > MAX_COMPONENTS) {
    problems.push({
      path: ['components'],
      code: 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
      message: `The total number of components (${places.length}, nested ones included) exceeds the maximum of ${MAX_COMPONENTS}`,
    });
  }
  const text = [...walkComponents(components)]
    .filter(({ type }) => type === ComponentType.TextDisplay)
    .reduce((sum, { content }) => sum + Array.from(content ?? '').length, 0);
  if (text > MAX_TEXT) {
    problems.push({
      path: ['components'],
      code: 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
      message: `The total displayable text size (${text}) exceeds the maximum of ${MAX_TEXT}`,
    });
  }
  return problems;
}

function legacyProblems(components: readonly Component[]): FormProblem[] {
  const problems: FormProblem[] = [];
  if (components.length > MAX_LEGACY_ROWS) {
    problems.push({
      path: ['components'],
      code: 'BASE_TYPE_BAD_LENGTH',
      message: 'Must be between 1 and 5 in length.',
    });
  }
  for (const [index, { type }] of components.entries()) {
    if (type === ComponentType.ActionRow) continue;
    problems.push({
      path: ['components', index, 'type'],
      code: 'UNION_TYPE_CHOICES',
      message: 'Value of field "type" must be one of (1,): others need the flag IS_COMPONENTS_V2.',
    });
  }
  return problems;
}

function duplicateProblems(places: readonly Place[]): FormProblem[] {
  return [
    ...repeated(places, ({ custom_id }) => custom_id, 'custom_id', 'COMPONENT_CUSTOM_ID_DUPLICATED'),
    ...repeated(places, ({ id }) => id || undefined, 'id', 'COMPONENT_ID_DUPLICATED'),
  ];
}

function repeated(
  places: readonly Place[],
  keyOf: (component: Component) => string | number | undefined,
  field: string,
  code: string,
): FormProblem[] {
  const seen = new Set<string | number>();
  return places.flatMap(({ path, component }) => {
    const key = keyOf(component);
    if (key === undefined) return [];
    if (seen.has(key)) return [{ path: [...path, field], code, message: `Component ${field} cannot be duplicated` }];
    seen.add(key);
    return [];
  });
}

function singleProblems({ path, component }: Place): FormProblem[] {
  const at = (field: string, code: string, message: string): FormProblem => ({ path: [...path, field], code, message });
  const required = (field: string): FormProblem => at(field, 'BASE_TYPE_REQUIRED', 'This field is required');
  if (component.type === ComponentType.ActionRow) return rowProblems(path, component);
  if (component.type === ComponentType.Button) {
    const link = component.style === ButtonStyle.Link;
    const premium = component.style === ButtonStyle.Premium;
    if (premium) return [];
    const problems: FormProblem[] = [];
    if (link && !component.url) problems.push(required('url'));
    if (link && component.custom_id)
      problems.push(at('custom_id', 'BUTTON_COMPONENT_CUSTOM_ID_INVALID', 'A link button cannot have a custom id'));
    if (!link && !component.custom_id) problems.push(required('custom_id'));
    if (!link && component.url)
      problems.push(at('url', 'BUTTON_COMPONENT_URL_INVALID', 'Only a link button can have a url'));
    if (!component.label && !component.emoji) problems.push(required('label'));
    return problems;
  }
  if (!SELECT_TYPES.has(component.type)) return [];
  const min = component.min_values ?? 1;
  const max = component.max_values ?? 1;
  const problems: FormProblem[] = [];
  if (min > max)
    problems.push(at('min_values', 'SELECT_COMPONENT_MIN_MAX_VALUES', 'min_values must not exceed max_values'));
  if (!component.options) return problems;
  if (max > component.options.length)
    problems.push(
      at('max_values', 'SELECT_COMPONENT_MAX_VALUES_TOO_LARGE', 'max_values must not exceed the number of options'),
    );
  if (component.options.filter((option) => option.default).length > max)
    problems.push(
      at('options', 'SELECT_COMPONENT_DEFAULT_OPTIONS_EXCEEDED', 'There are more defaults than max_values'),
    );
  const values = component.options.map(({ value }) => value);
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) === index) continue;
    problems.push({
      path: [...path, 'options', index, 'value'],
      code: 'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
      message: 'The specified option value is already used',
    });
  }
  return problems;
}

function rowProblems(path: readonly (string | number)[], row: Component): FormProblem[] {
  const children = row.components ?? [];
  const wide = children.filter(({ type }) => type !== ComponentType.Button).length;
  if (children.length <= MAX_ROW_WIDTH && (wide === 0 || children.length === 1)) return [];
  return [
    {
      path: [...path, 'components'],
      code: 'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
      message: 'The specified component exceeds the maximum width: 5 buttons or 1 select in a row',
    },
  ];
}
