import type { mongo } from 'mongoose';

const OPERATIONS = new Set([
  ...['find', 'findOne', 'insertOne', 'insertMany', 'updateOne', 'updateMany', 'replaceOne', 'deleteOne', 'deleteMany'],
  ...['bulkWrite', 'aggregate', 'countDocuments'],
]);

/** A view of a database that calls `before` ahead of each operation, numbered from 1: it may throw, or wait. */
export function interruptedDatabase(
  db: mongo.Db,
  before: (operation: number, name: string) => Promise<void> | void,
): { readonly db: mongo.Db; readonly operations: () => number } {
  let operations = 0;
  const collectionView = (collection: mongo.Collection): mongo.Collection =>
    new Proxy(collection, {
      get(target, property) {
        const member = Reflect.get(target, property, target) as unknown;
        if (typeof member !== 'function') return member;
        const bound = (member as (...args: unknown[]) => unknown).bind(target);
        const name = String(property);
        if (!OPERATIONS.has(name)) return bound;
        const announce = () => before((operations += 1), `${collection.collectionName}.${name}`);
        if (name === 'find' || name === 'aggregate') return (...args: unknown[]) => lazily(bound(...args), announce);
        return async (...args: unknown[]) => {
          await announce();
          return bound(...args);
        };
      },
    });
  const view = new Proxy(db, {
    get(target, property) {
      if (property === 'collection') return (name: string) => collectionView(target.collection(name));
      const member = Reflect.get(target, property, target) as unknown;
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
  return { db: view, operations: () => operations };
}

/** A cursor whose reading is announced first. */
function lazily(cursor: unknown, announce: () => Promise<void> | void): unknown {
  return new Proxy(cursor as object, {
    get(target, property, receiver) {
      const member = Reflect.get(target, property, target) as unknown;
      if (typeof member !== 'function') return member;
      const bound = (member as (...args: unknown[]) => unknown).bind(target);
      if (property === 'toArray') {
        return async () => {
          await announce();
          return bound();
        };
      }
      return (...args: unknown[]) => {
        const result = bound(...args);
        return result === target ? (receiver as unknown) : result;
      };
    },
  });
}
