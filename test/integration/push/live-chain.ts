import { createHash } from 'node:crypto';
import type { Keypair, PublicKey } from '@solana/web3.js';
import { ForkLies } from '../../../scripts/drill/fork-lies.js';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { startApiStack, type ApiStack } from '../api/api-stack.js';
import { redPacketsClient } from '../programs/red-packets-chain.js';

/** A whole system that follows red packets on a real chain, which can be made to tell of a fork. */
export interface LiveChain {
  readonly stack: ApiStack;
  readonly lies: ForkLies;
  readonly client: ReturnType<typeof redPacketsClient>;
  readonly creator: Keypair;
  readonly oracle: Keypair;
  readonly users: readonly Keypair[];
  /** A random packet that can be claimed. */
  openPacket(packetId: bigint, count: number): Promise<PublicKey>;
}

export async function startLiveChain(users: number, env: Readonly<Record<string, string>> = {}): Promise<LiveChain> {
  const stack = await startApiStack({ domains: [redPacketRoutes()], env });
  const lies = new ForkLies();
  for (const method of ForkLies.METHODS) {
    stack.proxy.onRpc(method, (request, forward) =>
      lies.answer(method, request.params, (asked, params) =>
        forward({ ...request, method: asked, params: params as unknown[] }),
      ),
    );
  }
  const client = redPacketsClient(stack.chain.connection);
  const [creator, oracle, ...others] = (await stack.chain.fundedKeypairs(users + 2)) as [
    Keypair,
    Keypair,
    ...Keypair[],
  ];
  return {
    ...{ stack, lies, client, creator, oracle, users: others },
    openPacket: async (packetId, count) => {
      const terms = { packetId, kind: 'random', totalAmount: 1_000_000_000n, count, oracle: oracle.publicKey } as const;
      const { packet } = await client.create(creator, terms);
      await client.request(packet, creator);
      await client.fulfil(packet, oracle, createHash('sha256').update(`lot ${packetId}`).digest());
      return packet;
    },
  };
}
