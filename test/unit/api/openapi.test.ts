import { describe, expect, it } from 'vitest';
import { decodeCursor } from '../../../src/api/cursor.js';
import { docsPage } from '../../../src/api/docs-page.js';
import { readListQuery } from '../../../src/api/list-query.js';
import { singular } from '../../../src/api/model-schema.js';
import { openApiDocument } from '../../../src/api/openapi.js';
import { couponRoutes } from '../../../src/domains/coupons/routes.js';
import { stakeVaultRoutes } from '../../../src/domains/stake-vault/routes.js';
import { Coupon } from '../../../src/domains/coupons/models.js';

const document = openApiDocument([couponRoutes], '1.2.3');
type Operation = {
  summary: string;
  tags: string[];
  parameters: { name: string; schema: { type?: string; enum?: string[]; description?: string } }[];
  requestBody: { required?: boolean };
  responses: Record<string, { description: string }>;
};
const operation = (path: string, method: string) =>
  (document.paths?.[path] as unknown as Record<string, Operation>)[method] as Operation;
const parameter = (path: string, name: string) =>
  operation(path, 'get').parameters.find((one) => one.name === name)?.schema;

describe('the OpenAPI document says what the API takes', () => {
  it('lists have a whole number as limit, and filters with their values and conditions', () => {
    expect(parameter('/api/coupons', 'limit')).toMatchObject({ type: 'integer', minimum: 1, maximum: 200 });
    expect(parameter('/api/coupons', 'status')).toMatchObject({
      enum: ['active', 'listed', 'redeemed'],
      description: 'only together with owner',
    });
    expect(parameter('/api/coupons', 'owner')).toEqual({ type: 'string', description: 'a base58 address' });
    expect(parameter('/api/events', 'state')).toMatchObject({ enum: ['received', 'applied', 'dead', 'orphaned'] });
  });

  it('its conditions are those that a request is checked by', () => {
    const detail = (query: Record<string, string>) => {
      try {
        readListQuery(Coupon, query);
      } catch (error) {
        return (error as { more: { errors: { message: string }[] } }).more.errors[0]?.message;
      }
      return undefined;
    };
    expect(detail({ status: 'active' })).toBe('can be filtered by only together with owner');
    expect(detail({ status: 'gone' })).toBe('must be one of active, listed, redeemed');
    expect(detail({ owner: 'x' })).toBe('must be a base58 address');
  });

  it('a body is required where something in it is', () => {
    expect(operation('/api/promotions', 'post').requestBody.required).toBe(true);
    expect(operation('/api/promotions/{promotion}/close', 'post').requestBody.required).not.toBe(true);
  });

  it('what ends in MongoDB alone needs no key, and names its refusals (001-1)', () => {
    const { paths } = openApiDocument([stakeVaultRoutes], '1.2.3');
    const post = (paths?.['/api/developers'] as unknown as Record<string, Operation & { security?: unknown }>)['post'];
    expect(post?.security).toBeUndefined();
    expect(post?.requestBody.required).toBe(true);
    expect(Object.keys(post?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '400', '409', '422', '429', '503']),
    );
  });

  it('X-5: every command has a place where it is prepared for a wallet', () => {
    for (const { path, summary } of couponRoutes.commands) {
      const prepare = operation(`/api${path.replace(/:(\w+)/g, '{$1}')}/prepare`, 'post');
      expect(prepare.summary).toBe(`For a wallet to sign: ${summary}`);
      expect(Object.keys(prepare.responses)).toEqual(expect.arrayContaining(['201', '422', '503']));
    }
    expect(operation('/api/transactions', 'post').responses['422']?.description).toContain(
      'It is not the transaction that was prepared',
    );
  });

  it('every 400 of a path is named', () => {
    expect(operation('/api/coupons', 'get').responses['400']?.description).toBe(
      'The request is not valid; or: The cursor is not valid',
    );
    expect(operation('/api/coupons', 'post').responses['400']?.description).toContain('The body is not JSON');
  });
});

describe('the docs page', () => {
  const page = docsPage(document);

  it('links the pages there are', () => {
    const pages = [{ path: '/examples/live', title: 'a page, live' }];
    expect(docsPage(document, pages)).toContain('<a href="/examples/live/">a page, live</a>');
    expect(page).not.toContain('/examples/');
  });

  it('is ordered by resource and names no class of ours', () => {
    expect(page.match(/(?<=<h2 id=")\w+/g)?.slice(0, 3)).toEqual(['merchants', 'promotions', 'coupons']);
    expect(page).toContain('One merchant');
    expect(page).not.toMatch(/Controller|`/);
    expect(page).toContain('<code>nextCursor</code>');
  });

  it.each([
    ['merchants', 'merchant'],
    ['sales', 'sale'],
    ['matches', 'match'],
    ['entries', 'entry'],
    ['progress', 'progress'],
  ])('one of %s is a %s', (collection, one) => expect(singular(collection)).toBe(one));
});

it('a cursor that is none is named as the wrong field', () => {
  expect(() => decodeCursor('coupons', 'zzz', ['string'])).toThrow(
    expect.objectContaining({
      code: 'invalid-cursor',
      more: { errors: [expect.objectContaining({ field: 'cursor' })] },
    }) as Error,
  );
});
