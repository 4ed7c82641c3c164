/**
 * May a page of this origin connect? Browsers send it with every WebSocket, which no CORS header would stop, and no page can
 * change it; what is no browser sends none. The page's own server is known by the host it was asked as.
 */
export function isAllowedOrigin(
  { origin, host }: { readonly origin?: string | undefined; readonly host?: string | undefined },
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return host !== undefined && hostOf(origin) === host.toLowerCase();
}

/** Null for `null`, which pages of no origin send. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
