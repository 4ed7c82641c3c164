/** MongoDB's code for a key that is taken: an `_id`, or a value of a unique index. */
export const DUPLICATE_KEY = 11000;
