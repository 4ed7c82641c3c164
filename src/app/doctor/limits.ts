/** What most checks get, in milliseconds: who takes longer to answer one question is not well. */
export const QUESTION_LIMIT_MS = 6_000;
/** What a first connection to the database gets, in milliseconds: longer than the driver's own patience (10 s). */
export const CONNECT_LIMIT_MS = 12_000;
/** What a list of accounts gets, in milliseconds: nodes look through all of a program's. */
export const LIST_LIMIT_MS = 15_000;
