import type { Figure } from './figure.ts';

/** One flat object, name -> number or null. */
export function toJson(figures: readonly Figure[]): string {
  return JSON.stringify(
    Object.fromEntries(figures.map(({ name, value }) => [name, value === null ? null : round(value)])),
  );
}

export function printTable(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => ({
    name: figure.name,
    value: figure.value === null ? '-' : `${round(figure.value)} ${figure.unit}`,
    goal: goalOf(figure),
    measured: figure.measured,
  }));
  const width = (column: 'name' | 'value' | 'goal') =>
    Math.max(column.length, ...rows.map((row) => row[column].length));
  const [name, value, goal] = [width('name'), width('value'), width('goal')];
  for (const row of [{ name: 'name', value: 'value', goal: 'goal', measured: 'measured' }, ...rows]) {
    console.log(`${row.name.padEnd(name)}  ${row.value.padStart(value)}  ${row.goal.padStart(goal)}  ${row.measured}`);
  }
}

function goalOf({ goal, value }: Figure): string {
  if (!goal) return '';
  const [sign, bound, met] =
    'atMost' in goal
      ? ['≤', goal.atMost, (value ?? 0) <= goal.atMost]
      : ['≥', goal.atLeast, (value ?? Infinity) >= goal.atLeast];
  return `${sign} ${bound}${met ? '' : ' MISSED'}`;
}

/** Three significant places: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
