import type { RankingContext } from '../../src/ranking/context.ts';

/** A database that is cut off before a second transaction, as by a crash. */
export function cutOffAfterFirstTransaction(db: RankingContext['db']): RankingContext['db'] {
  let transactions = 0;
  return new Proxy(db, {
    get(target, property, receiver) {
      if (property === 'transaction' && ++transactions > 1) throw new Error('cut off');
      const value: unknown = Reflect.get(target, property, receiver);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
