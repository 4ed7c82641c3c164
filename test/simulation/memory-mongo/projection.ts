import { NotCoveredError } from './errors.js';
import { partsOf } from './paths.js';
import { isEmbedded, type Doc } from './values.js';

/** What is listed below a document: a whole field, or some of what is within it. */
type Listed = Map<string, Listed | null>;

/**
 * Shows only some fields, in the document's order; a dotted name shows what is within a field. Null for a projection that
 * changes nothing.
 */
export function compileProjection(projection: Readonly<Record<string, unknown>>): ((document: Doc) => Doc) | null {
  const names = Object.entries(projection).map(([name, shown]): [string, boolean] => {
    if (name.startsWith('$')) throw new NotCoveredError(`a projection of ${name}`);
    if (shown !== 1 && shown !== 0 && typeof shown !== 'boolean') throw new NotCoveredError('a computed projection');
    return [name, Boolean(shown)];
  });
  const others = names.filter(([name]) => name !== '_id');
  if (names.length === 0) return null;
  const includes = others[0]?.[1] ?? names[0]?.[1] ?? true;
  if (others.some(([, shown]) => shown !== includes)) throw new NotCoveredError('a projection that shows and hides');
  if (!includes && others.some(([name]) => name.includes('.'))) throw new NotCoveredError('a hidden part of a field');
  const withId = names.find(([name]) => name === '_id')?.[1] ?? true;
  const listed = listedOf(others.map(([name]) => name));
  return (document) => {
    const shown: Record<string, unknown> = {};
    for (const name in document) {
      if (name === '_id' ? !withId : listed.has(name) !== includes) continue;
      const within = listed.get(name);
      const part = within ? partOf(document[name], within) : document[name];
      if (part !== undefined) shown[name] = part;
    }
    return shown;
  };
}

function listedOf(names: readonly string[]): Listed {
  const listed: Listed = new Map();
  for (const name of names) {
    const parts = partsOf(name);
    let below = listed;
    for (const [at, part] of parts.entries()) {
      if (below.get(part) === null) throw new NotCoveredError('a projection of a field and of what is within it');
      if (at === parts.length - 1) below.set(part, null);
      else {
        const next: Listed = below.get(part) ?? (new Map() as Listed);
        below.set(part, next);
        below = next;
      }
    }
  }
  return listed;
}

/** Undefined for a value that has nothing within it: then the field is not shown at all. */
function partOf(value: unknown, listed: Listed): unknown {
  if (Array.isArray(value)) return value.map((member) => partOf(member, listed)).filter((part) => part !== undefined);
  if (!isEmbedded(value)) return undefined;
  const shown: Record<string, unknown> = {};
  for (const name in value) {
    const within = listed.get(name);
    if (within === undefined) continue;
    const part = within ? partOf(value[name], within) : value[name];
    if (part !== undefined) shown[name] = part;
  }
  return shown;
}
