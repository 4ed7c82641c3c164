import { describe, expect, it } from 'vitest';
import { isLoopback, webSocketUrlOf } from '../../../src/lib/web-socket-url.js';

describe('webSocketUrlOf', () => {
  it.each([
    ['http://127.0.0.1:8899', 'ws://127.0.0.1:8900/'],
    ['http://localhost:1000/x', 'ws://localhost:1001/x'],
    ['http://[::1]:8899', 'ws://[::1]:8900/'],
    ['http://localhost', 'ws://localhost/'],
    ['https://rpc.example/?api-key=1', 'wss://rpc.example/?api-key=1'],
    ['http://10.0.0.1:8899', 'ws://10.0.0.1:8899/'],
  ])('%s → %s', (rpcUrl, wsUrl) => {
    expect(webSocketUrlOf(rpcUrl)).toBe(wsUrl);
  });
});

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])('%s is', (host) => expect(isLoopback(host)).toBe(true));
  it.each(['localhost.evil.com', '10.0.0.1', '127.0.0.1.nip.io', '0.0.0.0', 'api.devnet.solana.com', '1270.0.0.1'])(
    '%s is not',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});
