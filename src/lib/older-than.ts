/** Where a page of a list ended that shows the newest first. */
export interface TimePlace {
  readonly createdAt: Date;
  readonly _id: string;
}

/**
 * The MongoDB filter of what comes after a place in `{createdAt: -1, _id: -1}`; null: of everything. The first bound is what
 * an index begins at; the rest tells those of the same moment apart.
 */
export function olderThan(place: TimePlace | null) {
  if (place === null) return {};
  const { createdAt, _id } = place;
  return { createdAt: { $lte: createdAt }, $or: [{ createdAt: { $lt: createdAt } }, { _id: { $lt: _id } }] };
}
