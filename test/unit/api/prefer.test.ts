import type { Request, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { preferredTiming } from '../../../src/api/prefer.js';

const timing = { chainMs: 20_000, documentsMs: 10_000 };

function preferred(header: string | undefined) {
  const applied: string[] = [];
  const request = { get: () => header } as unknown as Request;
  const response = { setHeader: (_: string, value: string) => applied.push(value) } as unknown as Response;
  return { ...preferredTiming(request, response, timing), applied };
}

describe('Prefer (RFC 7240)', () => {
  it.each([
    [undefined, 20_000, 10_000, []],
    ['wait', 20_000, 10_000, []],
    ['return=minimal', 20_000, 10_000, []],
    ['respond-async', 0, 0, ['respond-async']],
    ['Respond-Async', 0, 0, ['respond-async']],
    ['wait=5', 5_000, 5_000, ['wait=5']],
    ['respond-async, wait=15', 15_000, 10_000, ['wait=15']],
    ['wait = "3"; foo=bar', 3_000, 3_000, ['wait=3']],
    ['wait=999', 20_000, 10_000, ['wait=999']],
    ['wait=-1', 20_000, 10_000, []],
    ['x-respond-async', 20_000, 10_000, []],
  ])('%s', (header, chainMs, documentsMs, applied) => {
    expect(preferred(header)).toEqual({ chainMs, documentsMs, applied });
  });
});
