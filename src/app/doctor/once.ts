/** The same reading for everybody who asks: made when it is first asked for, and only then. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}
