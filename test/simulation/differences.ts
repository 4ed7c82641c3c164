import { isDeepStrictEqual } from 'node:util';
import { Sale } from '../../src/domains/coupons/models.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { runHandler } from '../../src/pipeline/run-handler.js';
import type { Cluster } from './chain/cluster.js';
import type { MemoryServer } from './memory-mongo/memory-server.js';
import { ownedPart, storedDocument, storedDocuments } from './stored.js';
import { eventsOf, trueDocuments } from './truth.js';
import { show, type Witness } from './witness.js';

/**
 * What is not as the chain has it, once everything has come to rest: lost, doubled, false and unfinished events, and
 * documents. Empty when all is right.
 */
export function differences(server: MemoryServer, cluster: Cluster, witness: Witness): string[] {
  return [
    ...differentEvents(cluster, witness),
    ...differentDocuments(server, cluster),
    ...differentSales(server, cluster, witness),
    ...behind(server, cluster),
  ];
}

function differentEvents(cluster: Cluster, witness: Witness): string[] {
  const found: string[] = [];
  const expected = new Map(cluster.landed().flatMap((landed) => eventsOf(landed).map((event) => [event.id, event])));
  for (const [id, event] of expected) {
    const record = witness.records.get(id);
    if (!record) found.push(`lost: ${event.name} ${id} of slot ${event.slot}`);
    else if (record.slot !== event.slot || !event.raw.equals(record.raw)) {
      found.push(`false: ${id} is held as of slot ${record.slot}, and landed in ${event.slot}`);
    } else if (record.state !== 'applied' || record.commitment !== 'finalized') {
      found.push(`unfinished: ${id} is ${record.state} and ${record.commitment}: ${record.error ?? ''}`);
    }
  }
  for (const [id, record] of witness.records) {
    if (record.kind === 'event' && record.state !== 'orphaned' && !expected.has(id)) {
      found.push(`never happened: ${id} is ${record.state}`);
    }
  }
  return found;
}

function differentDocuments(server: MemoryServer, cluster: Cluster): string[] {
  const found: string[] = [];
  const expected = trueDocuments(cluster);
  for (const model of coupons.models) {
    if (model.kind !== 'state') continue;
    const wanted = expected[model.collection] ?? {};
    const keys = new Set(Object.keys(wanted));
    for (const stored of storedDocuments(server, model.collection)) {
      const is = ownedPart(model, stored);
      const key = String(stored['_id']);
      if (is === null) continue;
      keys.delete(key);
      if (!isDeepStrictEqual(is, wanted[key])) {
        found.push(`${model.collection} ${key} is ${show(is)}, and its account says ${show(wanted[key])}`);
      }
    }
    for (const key of keys) found.push(`${model.collection} ${key} is missing`);
  }
  return found;
}

function differentSales(server: MemoryServer, cluster: Cluster, witness: Witness): string[] {
  const found: string[] = [];
  const sales = new Map(
    storedDocuments(server, Sale.collection).flatMap((stored) => {
      const is = ownedPart(Sale, stored);
      return is === null ? [] : [[String(stored['_id']), is] as const];
    }),
  );
  for (const { id, name } of cluster.landed().flatMap(eventsOf)) {
    if (name !== 'CouponSold') continue;
    const is = sales.get(id);
    const record = witness.records.get(id);
    const made = record ? runHandler(coupons, record) : null;
    const wanted = made?.ok ? made.writes.find(({ kind }) => kind === 'fact') : undefined;
    if (!sales.delete(id)) found.push(`sales ${id} is missing`);
    else if (wanted?.kind === 'fact' && !isDeepStrictEqual(is, wanted.fields)) {
      found.push(`sales ${id} is ${show(is)}, and its event says ${show(wanted.fields)}`);
    }
  }
  for (const id of sales.keys()) found.push(`sales ${id} never happened`);
  return found;
}

function behind(server: MemoryServer, cluster: Cluster): string[] {
  const frontier = Number(storedDocument(server, 'frontiers', coupons.name)?.['slot'] ?? 0);
  const newest = Math.max(0, ...cluster.landed().map(({ slot }) => slot));
  return frontier < newest ? [`the frontier stands at ${frontier}, before slot ${newest}`] : [];
}
