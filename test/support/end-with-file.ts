const open = new Set<AsyncDisposable>();

/** Has something ended with the test file at the latest: a test that runs out of time never leaves its `await using`. */
export function endWithFile(disposable: AsyncDisposable): void {
  open.add(disposable);
}

/** Notes that it is ended already. */
export function endedItself(disposable: AsyncDisposable): void {
  open.delete(disposable);
}

/** Ends what is still open, the last opened first. */
export async function endWhatIsOpen(): Promise<void> {
  for (const left of [...open].toReversed()) await left[Symbol.asyncDispose]();
}
