/**
 * The WebSocket URL that belongs to an HTTP one when nobody said: on loopback with an explicit port the next port, as
 * solana-test-validator has it; elsewhere the same address, as the RPC providers have it.
 */
export function webSocketUrlOf(rpcUrl: string): string {
  const url = new URL(rpcUrl);
  if (isLoopback(url.hostname) && url.port !== '') url.port = String(Number(url.port) + 1);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.toString();
}

/** Whether a URL's host names this machine itself. `host` as in `URL.hostname` (IPv6 in brackets). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
