import { describe, expect, it } from 'vitest';
import { endpointName, redactor } from '../../../src/chain/endpoint-name.js';

const URL_WITH_SECRETS = 'https://someone:hunter22@rpc.example.com:8899/v2/pathsecret?api-key=querysecret';

describe('endpointName', () => {
  it('is the host and nothing else', () => {
    expect(endpointName(URL_WITH_SECRETS)).toBe('rpc.example.com:8899');
    expect(endpointName('not a url with secret')).toBe('invalid-url');
  });
});

describe('redactor', () => {
  it('removes every part that could be a key', () => {
    const clean = redactor(URL_WITH_SECRETS)('GET /v2/pathsecret?api-key=querysecret by someone:hunter22 failed');
    for (const secret of ['pathsecret', 'querysecret', 'hunter22', 'someone']) expect(clean).not.toContain(secret);
    expect(clean).toContain('failed');
  });

  it('removes the whole of what is not a URL', () => {
    expect(redactor('my key')('Invalid URL: my key')).toBe('Invalid URL: …');
  });
});
