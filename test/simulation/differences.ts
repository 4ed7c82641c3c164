import { isDeepStrictEqual } from 'node:util';
import { coupons } from '../../src/domains/coupons/module.js';
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
  return [...differentEvents(cluster, witness), ...differentDocuments(server, cluster), ...behind(server, cluster)];
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
  const sales = new Set(storedDocuments(server, 'sales').map(({ _id }) => String(_id)));
  for (const landed of cluster.landed()) {
    for (const { id, name } of eventsOf(landed)) {
      if (name === 'CouponSold' && !sales.delete(id)) found.push(`sales ${id} is missing`);
    }
  }
  for (const id of sales) found.push(`sales ${id} never happened`);
  return found;
}

function behind(server: MemoryServer, cluster: Cluster): string[] {
  const frontier = Number(storedDocument(server, 'frontiers', coupons.name)?.['slot'] ?? 0);
  const newest = Math.max(0, ...cluster.landed().map(({ slot }) => slot));
  return frontier < newest ? [`the frontier stands at ${frontier}, before slot ${newest}`] : [];
}
