const SHORTEST_SECRET = 6;

/** How an endpoint is called in logs, metrics and errors: its host. Keys live in the path, the query or the user part. */
export function endpointName(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'invalid-url';
}

/** Removes whatever of the URL could be a key from a text that somebody else wrote (a server may echo its path). */
export function redactor(url: string): (text: string) => string {
  if (!URL.canParse(url)) return (text) => text.replaceAll(url, '…');
  const { pathname, searchParams, username, password } = new URL(url);
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  const secrets = parts.filter((part) => part.length >= SHORTEST_SECRET);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '…'), text);
}
