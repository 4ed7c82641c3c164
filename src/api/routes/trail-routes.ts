import { Router } from 'express';
import type { Model } from '../../domain-kit/model.js';
import type { LedgerRecord } from '../../ledger/ledger-record.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { fieldView } from '../document-view.js';
import { readPaging, refuse } from '../list-query.js';
import type { DocumentTrail, ReadTrail } from '../ports.js';
import { Problem, type FieldError } from '../problem.js';
import { jsonValue } from '../../lib/json-value.js';
import { wildcard } from './document-routes.js';

/** `/documents/<collection>/<key>?atSlot=`: what a document was at any slot, and why. */
export function trailRoutes(models: ReadonlyMap<string, Model>, readTrail: ReadTrail): Router {
  const router = Router();
  router.get('/documents/:collection/*key', async (request, response) => {
    const { collection } = request.params;
    const key = wildcard(request.params.key);
    const errors: FieldError[] = [];
    const { limit, cursor, rest } = readPaging(request.query, errors);
    const atSlot = readSlot(rest, errors);
    const model = models.get(collection);
    if (!model) {
      errors.push({
        field: 'collection',
        message: `is none that is served; they are ${[...models.keys()].join(', ')}`,
      });
    }
    refuse(errors);
    const list = `documents/${collection}/${key}?${atSlot ?? ''}`;
    const after = cursor === undefined ? null : decodeCursor<[string, string]>(list, cursor, ['string', 'string']);
    const trail = model && (await readTrail(collection, key, { atSlot, limit, after }));
    if (!trail) throw new Problem('not-found', `Neither the ledger nor ${collection} ever heard of ${key}.`);
    const last = trail.entries.at(-1);
    response.json({
      ...{ collection, [model.kind === 'state' ? 'address' : 'id']: key, atSlot },
      ...trailView(model, trail),
      nextCursor: trail.hasMore && last ? encodeCursor(list, [last.at, last.record._id]) : null,
    });
  });
  return router;
}

function readSlot(query: Readonly<Record<string, unknown>>, errors: FieldError[]): number | null {
  const { atSlot, ...unknown } = query;
  for (const field of Object.keys(unknown)) {
    errors.push({ field, message: 'is not known here; known are atSlot, limit and cursor' });
  }
  if (atSlot === undefined) return null;
  const slot = typeof atSlot === 'string' && /^\d{1,15}$/.test(atSlot) ? Number(atSlot) : null;
  if (slot === null) errors.push({ field: 'atSlot', message: 'must be a slot: a whole number, given once' });
  return slot;
}

function trailView(model: Model, trail: DocumentTrail): Record<string, unknown> {
  const { fields, entries, total, orphaned, waiting, stored, frontier } = trail;
  const view = (name: string, value: unknown): unknown => {
    const field = model.fields[name];
    return value === undefined || !field ? null : fieldView(field, value);
  };
  return {
    exists: fields !== null,
    document:
      fields === null
        ? null
        : Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, view(name, value)])),
    total,
    events: entries.map(({ record, effect, changes }) => ({
      ...recordView(record),
      effect,
      changes: Object.fromEntries(
        [...changes].map(([name, { before, after }]) => [
          name,
          { before: view(name, before), after: view(name, after) },
        ]),
      ),
    })),
    orphaned: orphaned.map((record) => ({ ...recordView(record), reason: record.error })),
    waiting: waiting.map((record) => ({ ...recordView(record), reason: record.error })),
    stored,
    complete: frontier && { from: frontier.since, to: frontier.slot },
  };
}

function recordView({ _id, kind, name, slot, signature, state, commitment, data }: LedgerRecord) {
  return { id: _id, kind, name, slot, signature, state, commitment, data: jsonValue(data) };
}
