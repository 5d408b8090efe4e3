import type { z, ZodMiniType } from 'zod/mini';
import { invalidForm, type FormProblem } from '../discord-error.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** The description calls these numbers; Discord takes, and clients send, decimal strings. */
const BIT_SETS: ReadonlySet<string> = new Set(['permissions', 'default_member_permissions']);

/**
 * Holds a request body against a schema of Discord's published API description.
 *
 * @throws DiscordError 50035 that names every place that is wrong, as Discord does.
 */
export function holdAgainst(schema: ZodMiniType, body: unknown): void {
  const result = schema.safeParse(withNumericBits(body));
  if (result.success) return;
  throw invalidForm(result.error.issues.flatMap((issue) => problemsOf(issue, [], body)));
}

function withNumericBits(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const entries = Object.entries(body).map(([key, value]): [string, unknown] =>
    BIT_SETS.has(key) && typeof value === 'string' && /^\d+$/.test(value) ? [key, Number(value)] : [key, value],
  );
  return Object.fromEntries(entries);
}

function problemsOf(issue: Issue, parent: Path, body: unknown): FormProblem[] {
  const path = [...parent, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  switch (issue.code) {
    case 'invalid_union': {
      // The branch that is meant is the one whose `type` fits.
      const branch = issue.errors.find(
        (issues) => !issues.some((inner) => inner.path.at(-1) === 'type' && inner.path.length === 1),
      );
      if (!branch || valueAt(body, path) === undefined) {
        return [{ path, code: 'UNION_TYPE_CHOICES', message: 'Value of field "type" is not one that may stand here.' }];
      }
      return branch.flatMap((inner) => problemsOf(inner, path, body));
    }
    case 'invalid_type':
    case 'invalid_value':
      if (valueAt(body, path) === undefined) {
        return [{ path, code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }];
      }
      return issue.code === 'invalid_type'
        ? [{ path, code: 'BASE_TYPE_INVALID', message: `Must be of the type ${issue.expected}.` }]
        : [
            {
              path,
              code: 'BASE_TYPE_CHOICES',
              message: `Value must be one of (${issue.values.map(String).join(', ')}).`,
            },
          ];
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? [{ path, code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${issue.maximum} or fewer in length.` }]
        : [{ path, code: 'NUMBER_TYPE_MAX', message: `Value should be less than or equal to ${issue.maximum}.` }];
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? [{ path, code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${issue.minimum} or more in length.` }]
        : [{ path, code: 'NUMBER_TYPE_MIN', message: `Value should be greater than or equal to ${issue.minimum}.` }];
    default:
      return [{ path, code: 'BASE_TYPE_INVALID', message: `Not a valid value (${issue.code}).` }];
  }
}

function valueAt(body: unknown, path: Path): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
