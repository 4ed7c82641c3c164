import { NotCoveredError } from './errors.js';
import type { MemoryServer } from './memory-server.js';

/**
 * What somebody calls that this stand-in does not have, or calls with what it does not know, is noted where a simulation
 * looks: code that goes on after any error of the database would swallow it, and never run here without anybody knowing.
 */
export function onlyKnown<T extends object>(target: T, what: string, server: MemoryServer): T {
  const known: T = new Proxy(target, {
    get(_, name) {
      // A promise looks for `then` in whatever it is given.
      if (typeof name === 'symbol' || name === 'then') return Reflect.get(target, name, target) as unknown;
      if (!(name in target)) throw server.noted(new NotCoveredError(`${name} of ${what}`));
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        try {
          const answer: unknown = Reflect.apply(member, target, given);
          if (answer === target) return known;
          if (answer instanceof Promise) answer.catch((error: unknown) => void server.noted(error));
          return answer;
        } catch (error) {
          throw server.noted(error);
        }
      };
    },
  });
  return known;
}
