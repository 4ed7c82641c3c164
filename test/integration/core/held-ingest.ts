import type { Ingest } from '../../../src/pipeline/ingest.js';

/** An ingest that gets one transaction from the chain only after `letGo`: for what must not wait behind it. */
export function holdLanded(ingest: Ingest, signature: string): { readonly held: Ingest; readonly letGo: () => void } {
  let letGo = () => {};
  const waiting = new Promise<void>((resolve) => (letGo = resolve));
  const held = new Proxy(ingest, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      const bound = (member as (...args: unknown[]) => Promise<unknown>).bind(target);
      if (name !== 'landed') return bound;
      return async (...args: unknown[]) => {
        if (args[0] === signature) await waiting;
        return bound(...args);
      };
    },
  });
  return { held, letGo };
}
