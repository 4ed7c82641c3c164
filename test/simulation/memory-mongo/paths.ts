import { isEmbedded, type Doc } from './values.js';

const NUMBER = /^(0|[1-9]\d*)$/;
const splits = new Map<string, readonly string[]>();

export function isPosition(part: string): boolean {
  return NUMBER.test(part);
}

export function partsOf(path: string): readonly string[] {
  let parts = splits.get(path);
  if (!parts) splits.set(path, (parts = path.split('.')));
  return parts;
}

/**
 * All values that a dotted path leads to, through the members of arrays as well; `undefined` stands for a place where
 * there is none. https://www.mongodb.com/docs/manual/tutorial/query-array-of-documents/
 */
export function valuesAt(document: Doc, path: string): readonly unknown[] {
  if (!path.includes('.')) return [document[path]];
  const found: unknown[] = [];
  collect(document, partsOf(path), 0, found);
  return found;
}

function collect(node: unknown, parts: readonly string[], at: number, found: unknown[]): void {
  if (at === parts.length) {
    found.push(node);
    return;
  }
  const part = parts[at] as string;
  if (Array.isArray(node)) {
    if (isPosition(part) && Number(part) < node.length) collect(node[Number(part)], parts, at + 1, found);
    for (const member of node) if (isEmbedded(member)) collect(member, parts, at, found);
    return;
  }
  if (isEmbedded(node) && Object.hasOwn(node, part)) collect(node[part], parts, at + 1, found);
  else found.push(undefined);
}

/** The values as an index or an equality sees them: arrays by their members, and as a whole. */
export function candidatesAt(document: Doc, path: string): readonly unknown[] {
  const values = valuesAt(document, path);
  if (values.length === 1 && !Array.isArray(values[0])) return values;
  return values.some(Array.isArray)
    ? values.flatMap((value) => (Array.isArray(value) ? [...(value as unknown[]), value] : [value]))
    : values;
}
