import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_ENVIRONMENT_ID } from '../../../src/delivery/environments/environment.js';
import { eventually } from '../../support/eventually.js';
import type { Document } from '../api/api-stack.js';
import { startLiveChain, type LiveChain } from '../push/live-chain.js';

let live: LiveChain;
beforeAll(async () => {
  live = await startLiveChain(1);
});
afterAll(() => live.stack.stop());

async function records(query: string): Promise<readonly Document[]> {
  const headers = { authorization: `Bearer ${live.stack.token}` };
  return (await live.stack.get(`/api/event-records?source=chain&${query}`, headers)).body.items;
}

it('a worker tells what happens on chain as confirmed, as final, and takes back what a fork drops (002-9, I7)', async () => {
  const { client, lies, stack, users } = live;
  const dispatchers = stack.foundation.mongo.db.collection('event_dispatchers');
  await dispatchers.insertMany(
    (['confirmed', 'finalized'] as const).map((commitment) => ({
      ...{ environment: DEFAULT_ENVIRONMENT_ID, dispatchableId: commitment, commitment },
      ...{ events: ['red-packets.PacketClaimed'], source: 'chain', enabled: true },
    })),
  );
  const packet = await live.openPacket(1n, 3);
  const { signature } = await client.claim(packet, users[0]!);
  const claims = (state: string) => records(`name=red-packets.PacketClaimed${state}`);
  const [claim] = await eventually(async () => {
    const found = await claims('');
    return found.length > 0 && found;
  });
  expect(claim).toMatchObject({ commitment: 'confirmed', context: { signature, program: 'red-packets' } });
  lies.vanish(signature, (claim!['context'] as { slot: number }).slot);
  const [orphaned] = await eventually(
    async () => {
      const found = await claims('.orphaned');
      return found.length > 0 && found;
    },
    { timeoutMs: 60_000 },
  );
  expect(orphaned).toMatchObject({ follows: claim!.id, payload: claim!['payload'], commitment: 'orphaned' });
  const created = await eventually(async () => {
    const found = await records('name=red-packets.PacketCreated');
    return found.length === 2 && found;
  });
  expect(created.map(({ commitment }) => commitment)).toEqual(['finalized', 'confirmed']);
  expect((await claims('')).map(({ commitment }) => commitment)).toEqual(['confirmed']);
});
