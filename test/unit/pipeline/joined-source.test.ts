import { expect, it } from 'vitest';
import { JoinedSource } from '../../../src/pipeline/joined-source.js';
import type { Source, SourceCallbacks, SourceStatus } from '../../../src/pipeline/source.js';

const quiet: SourceStatus = {
  ...{ live: true, subscriptionIds: {}, reconnectAttempts: 0, lastMessageAtMs: 10, lastSlot: 5, url: 'one' },
};

function joined(statuses: readonly [SourceStatus, ...SourceStatus[]]) {
  const said: string[] = [];
  const parts: SourceCallbacks[] = [];
  const calls: string[] = [];
  const source = new JoinedSource<SourceStatus>(
    [...statuses],
    (status, callbacks): Source => {
      parts.push(callbacks);
      const call = (name: string) => () => void calls.push(`${name} ${status.url}`);
      const stop = () => Promise.resolve(call('stop')());
      return { kind: 'polling', start: call('start'), stop, restart: call('restart'), status: () => status };
    },
    {
      onNotice: ({ signature }) => said.push(signature),
      onLive: ({ slot }) => said.push(`live ${slot}`),
      onHole: ({ fromSlot, reason }) => said.push(`hole ${fromSlot} ${reason}`),
    },
  );
  return { source, said, parts, calls };
}

it('is live once all of them are, from where the last one begins, and has a hole as soon as one has', () => {
  const { said, parts } = joined([quiet, { ...quiet, url: 'two' }]);
  const [one, two] = parts as [SourceCallbacks, SourceCallbacks];
  one.onLive({ slot: 9 });
  expect(said).toEqual([]);
  two.onLive({ slot: 7 });
  one.onNotice({ programId: 'p', signature: 'a', slot: 8, failed: false });
  two.onHole({ fromSlot: 7, reason: 'down' });
  one.onLive({ slot: 20 });
  two.onLive({ slot: 21 });
  expect(said).toEqual(['live 9', 'a', 'hole 7 down', 'live 21']);
});

it('says of all of them only what holds for each', async () => {
  const worse = { live: false, reconnectAttempts: 3, lastMessageAtMs: 4, lastSlot: 2, url: 'two' };
  const { source, calls } = joined([quiet, { ...quiet, ...worse }]);
  expect(source.status()).toEqual({ ...quiet, ...worse, url: 'one' });
  expect(joined([quiet, { ...quiet, lastSlot: null }]).source.status().lastSlot).toBeNull();
  source.start();
  source.restart('asked');
  await source.stop();
  expect(calls).toEqual(['start one', 'start two', 'restart one', 'restart two', 'stop one', 'stop two']);
});
