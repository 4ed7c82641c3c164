import { NotCoveredError } from './errors.js';
import type { Doc } from './values.js';

/** Shows only some fields, in the document's order. Top-level names only. Null for a projection that changes nothing. */
export function compileProjection(projection: Readonly<Record<string, unknown>>): ((document: Doc) => Doc) | null {
  const names = Object.entries(projection).map(([name, shown]): [string, boolean] => {
    if (name.includes('.') || name.startsWith('$')) throw new NotCoveredError(`a projection of ${name}`);
    if (shown !== 1 && shown !== 0 && typeof shown !== 'boolean') throw new NotCoveredError('a computed projection');
    return [name, Boolean(shown)];
  });
  const others = names.filter(([name]) => name !== '_id');
  if (names.length === 0) return null;
  const includes = others[0]?.[1] ?? names[0]?.[1] ?? true;
  if (others.some(([, shown]) => shown !== includes)) throw new NotCoveredError('a projection that shows and hides');
  const withId = names.find(([name]) => name === '_id')?.[1] ?? true;
  const listed = new Set(others.map(([name]) => name));
  return (document) => {
    const shown: Record<string, unknown> = {};
    for (const name in document) {
      if (name === '_id' ? withId : listed.has(name) === includes) shown[name] = document[name];
    }
    return shown;
  };
}
