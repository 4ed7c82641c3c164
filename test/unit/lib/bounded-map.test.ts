import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedMap } from '../../../src/lib/bounded-map.js';

it('forgets what was set longest ago, and only that', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
  expect([map.has('b'), map.size]).toEqual([false, 2]);
});

it('holds the newest entries whatever happens, never more than it may', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean())), fc.integer({ min: 1, max: 6 }), (steps, capacity) => {
      const map = new BoundedMap<number, number>(capacity);
      let model: [number, number][] = [];
      steps.forEach(([key, isSet], at) => {
        model = model.filter(([known]) => known !== key);
        if (isSet) model = [...model, [key, at] as [number, number]].slice(-capacity);
        if (isSet) map.set(key, at);
        else map.delete(key);
      });
      expect(map.size).toBe(model.length);
      for (const [key, value] of model) expect(map.get(key)).toBe(value);
    }),
  );
});
