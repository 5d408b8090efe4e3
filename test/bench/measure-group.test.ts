import { expect, it, onTestFinished, vi } from 'vitest';
import type { BenchContext, FigureGroup } from './figure.ts';
import { measureGroup } from './measure-group.ts';

const context: BenchContext = {
  serverUrl: () => Promise.reject(new Error('No database is needed.')),
  isWanted: () => true,
  progress: () => undefined,
};
const group = (measure: FigureGroup['measure']): FigureGroup => ({
  names: ['a_ms', 'b_ms'],
  limitMinutes: 0.001,
  measure,
});

/** What is written to stderr; the process that runs tests does not fail for it. */
function listen() {
  const written = vi.spyOn(console, 'error').mockReturnValue();
  const exitCode = process.exitCode;
  onTestFinished(() => {
    written.mockRestore();
    process.exitCode = exitCode;
  });
  return () => written.mock.calls.flat().map(String).join('\n');
}

it('ARCH-21 a benchmark that hangs is given up after its time, with what it waited for, and is not measured', async () => {
  const written = listen();
  const { promise: neverSaid, reject } = Promise.withResolvers<never>();
  const figures = await measureGroup(
    group(() => neverSaid),
    context,
    async () => reject(new Error('The application was ended.')),
  );
  expect(figures).toMatchObject([
    { name: 'a_ms', value: null },
    { name: 'b_ms', value: null },
  ]);
  expect(figures[0]?.measured).toContain('It was not done within 0.001 minutes.');
  expect(written()).toContain('a_ms, b_ms: not measured.');
  expect(process.exitCode).toBe(1);
});

it('ARCH-21 one that breaks is not measured, and why is told', async () => {
  const written = listen();
  const figures = await measureGroup(
    group(() => Promise.reject(new Error('The disk is full.'))),
    context,
    async () => expect.fail('Nothing is to be taken away.'),
  );
  expect(figures.map(({ value }) => value)).toEqual([null, null]);
  expect(written()).toContain('The disk is full.');
});
