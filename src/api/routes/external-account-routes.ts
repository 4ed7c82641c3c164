import { Router } from 'express';
import type { mongo } from 'mongoose';
import { z } from 'zod';
import {
  findExternalAccount,
  listExternalAccounts,
  putExternalAccount,
  type ExternalAccount,
} from '../../delivery/environments/external-accounts.js';
import type { Clock } from '../../lib/clock.js';
import { environmentOf } from '../authenticate.js';
import { readListPage } from '../list-page.js';
import { readPaging, refuse } from '../list-query.js';
import { Problem, type FieldError } from '../problem.js';
import { jsonBody, validated } from '../request-validation.js';
import { accountIdentifier, jsonObject } from '../send-event-request.js';

/** What an application keeps with an account: all of it is replaced. */
export const externalAccountSchema = z.strictObject({ metadata: jsonObject.default({}) });

const pathSchema = z.strictObject({ identifier: accountIdentifier });

/** Whom events are about, in the application's own words. All of the environment of the API key. */
export function externalAccountRoutes(db: mongo.Db, clock: Pick<Clock, 'now'>): Router {
  const router = Router();
  router.get('/external-accounts', async (request, response) => {
    const environment = environmentOf(response.locals);
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    for (const field of Object.keys(rest))
      errors.push({ field, message: 'is not known here; known are limit, cursor' });
    refuse(errors);
    const list = `external-accounts?${environment}`;
    const { shown, nextCursor } = await readListPage<ExternalAccount, readonly [string]>(
      { list, limit, cursor },
      ['string'],
      (most, after) => listExternalAccounts(db, environment, after === null ? null : after[0], most),
      ({ identifier }) => [identifier],
    );
    response.json({ items: shown.map(accountView), nextCursor });
  });
  router.get('/external-accounts/:identifier', async (request, response) => {
    const { identifier } = request.params;
    const account = await findExternalAccount(db, environmentOf(response.locals), identifier);
    if (!account) throw new Problem('not-found', `There is no external account ${identifier}.`);
    response.json(accountView(account));
  });
  router.put('/external-accounts/:identifier', async (request, response) => {
    const environment = environmentOf(response.locals);
    const { identifier } = validated(pathSchema, request.params);
    const { metadata } = validated(externalAccountSchema, jsonBody(request));
    const { outcome, account } = await putExternalAccount(
      ...([db, environment, identifier, metadata] as const),
      new Date(clock.now()),
    );
    response.status(outcome === 'created' ? 201 : 200).json(accountView(account));
  });
  return router;
}

function accountView({ _id: id, identifier, metadata, createdAt, updatedAt }: ExternalAccount) {
  return { id, identifier, metadata, createdAt, updatedAt };
}
