import { afterAll } from 'vitest';

const open = new Set<AsyncDisposable>();

afterAll(async () => {
  for (const left of [...open].toReversed()) await left[Symbol.asyncDispose]();
});

/** Has something ended with the test file at the latest: a test that runs out of time never leaves its `await using`. */
export function endWithFile(disposable: AsyncDisposable): void {
  open.add(disposable);
}

/** Notes that it is ended already. */
export function endedItself(disposable: AsyncDisposable): void {
  open.delete(disposable);
}
