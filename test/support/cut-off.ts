import type { RankingContext } from '../../src/ranking/context.ts';

/** A database that is cut off before a second transaction, as by a crash. */
export function cutOffAfterFirstTransaction(db: RankingContext['db']): RankingContext['db'] {
  return cutOffAfterTransactions(db, 1);
}

/** A database that is cut off after some transactions, as by a crash. */
export function cutOffAfterTransactions(db: RankingContext['db'], most: number): RankingContext['db'] {
  return beforeTransactions(db, (number) => {
    if (number > most) throw new Error('cut off');
  });
}

/** A database with something happening before each transaction. They are counted from 1 on. */
export function beforeTransactions(
  db: RankingContext['db'],
  happens: (number: number) => Promise<void> | void,
): RankingContext['db'] {
  let transactions = 0;
  return new Proxy(db, {
    get(target, property, receiver) {
      if (property === 'transaction') {
        return () => ({
          execute: async (work: Parameters<ReturnType<typeof db.transaction>['execute']>[0]) => {
            await happens(++transactions);
            return target.transaction().execute(work);
          },
        });
      }
      const value: unknown = Reflect.get(target, property, receiver);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
