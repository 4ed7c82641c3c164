/**
 * The same server with `name` as its database: `mongodb://host/?x=y` becomes `mongodb://host/name?x=y`. Works on the
 * text, because a URI with several hosts is no URL.
 */
export function withDatabase(uri: string, name: string): string {
  const match = /^(?<server>mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(?<options>\?.*)?$/.exec(uri);
  const server = match?.groups?.['server'];
  if (server === undefined) throw new TypeError('not a MongoDB connection string');
  return `${server}/${encodeURIComponent(name)}${match?.groups?.['options'] ?? ''}`;
}

/**
 * How to reach a one-node replica set of ours. `directConnection`: we know the one node, so the driver need not believe
 * the host name in its configuration. Transactions and change streams work over it all the same.
 */
export function localUri(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true`;
}
