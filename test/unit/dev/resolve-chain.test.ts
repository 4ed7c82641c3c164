import { describe, expect, it } from 'vitest';
import { resolveChain } from '../../../src/dev/resolve-chain.js';
import { surfnetPackage } from '../../../src/dev/surfnet-addon.js';

const everything = { find: (name: string) => `/bin/${name}`, hasSurfnet: true, surfnetPackage: '@solana/surfpool-x' };
const nothing = { find: () => undefined, hasSurfnet: false, surfnetPackage: '@solana/surfpool-x' };

describe('resolveChain', () => {
  it('takes given URLs before anything on the machine', () => {
    const rpcUrls = ['https://a.example/key', 'http://127.0.0.1:8899'];
    expect(resolveChain({ rpcUrls, kind: 'validator' }, everything)).toEqual({
      kind: 'external',
      rpcUrls,
      wsUrls: ['wss://a.example/key', 'ws://127.0.0.1:8900/'],
    });
    expect(resolveChain({ rpcUrls, wsUrls: ['wss://b.example'] }, everything)).toMatchObject({
      wsUrls: ['wss://b.example'],
    });
  });

  it('takes the Surfnet unless a validator is asked for', () => {
    expect(resolveChain({}, everything)).toEqual({ kind: 'surfnet' });
    expect(resolveChain({ rpcUrls: [] }, everything)).toEqual({ kind: 'surfnet' });
    expect(resolveChain({ kind: 'validator' }, everything)).toEqual({
      kind: 'validator',
      binary: '/bin/solana-test-validator',
    });
  });

  it.each([
    [{}, nothing, ['@solana/surfpool-x', 'Install solana-test-validator', 'SOLANA_RPC_URL']],
    [{}, { ...everything, hasSurfnet: false }, ['Ask for the solana-test-validator that is on PATH']],
    [{ kind: 'validator' as const }, { ...nothing, hasSurfnet: true }, ['not on PATH', 'Surfnet']],
  ])('says what to install when there is nothing (%#)', (request, machine, words) => {
    const choice = resolveChain(request, machine);
    expect(choice.kind).toBe('impossible');
    for (const word of words) expect(choice).toHaveProperty('reason', expect.stringContaining(word));
  });
});

describe('surfnetPackage', () => {
  it('names the packages that exist', () => {
    expect(surfnetPackage('linux', 'x64')).toBe('@solana/surfpool-linux-x64-gnu');
    expect(surfnetPackage('darwin', 'arm64')).toBe('@solana/surfpool-darwin-arm64');
  });
});
