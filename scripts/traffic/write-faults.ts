import bs58 from 'bs58';
import type { FaultProxy } from '../../src/dev/fault-proxy/fault-proxy.js';
import type { HttpAnswer, RpcAnswer, RpcHandler, RpcRequest } from '../../src/dev/fault-proxy/json-rpc.js';
import { systemClock } from '../../src/lib/clock.js';

/** Shares (0 to 1) of what goes wrong on the way of a write. Those of sends are of signatures: bytes sent again meet the same fate. */
export interface WriteFaultShares {
  /** Of all calls: answered 503 without asking the chain. */
  readonly unavailable: number;
  /** Of all calls: answered up to `delayMs` later. */
  readonly delayed: number;
  readonly delayMs: number;
  /** Of sends: the bytes arrive, and the answer to the first send is a 504. */
  readonly answerLost: number;
  /** Of sends: taken and not passed on for `droppedMs`. Where the client has not forbidden it, the node then tries once more. */
  readonly dropped: number;
  readonly droppedMs: number;
  /** Of sends: taken and never passed on, so that the bytes expire. */
  readonly neverSent: number;
}

/** As bad as a public endpoint on a bad day. */
export const BAD_DAY: WriteFaultShares = {
  unavailable: 0.02,
  delayed: 0.05,
  delayMs: 400,
  answerLost: 0.05,
  dropped: 0.05,
  droppedMs: 2_500,
  neverSent: 0.003,
};

/** What went wrong so far. */
export interface WriteFaultCounts {
  unavailable: number;
  delayed: number;
  answersLost: number;
  sendsDropped: number;
  neverSent: number;
}

type Fate = 'passes' | 'answer-lost' | 'dropped' | 'never-sent';

/** What a write asks a node for. */
const METHODS = [
  ...['getLatestBlockhash', 'simulateTransaction', 'getSignatureStatuses', 'getBlockHeight', 'getSlot'],
  'getEpochInfo',
  ...['getTransaction', 'getAccountInfo', 'getMultipleAccounts', 'getRecentPrioritizationFees'],
];

/** Makes writes through these proxies, which stand before one chain, go wrong from now on. `random`: 0 ≤ n < 1. */
export function breakWrites(
  proxies: readonly FaultProxy[],
  shares: WriteFaultShares,
  random: () => number,
): WriteFaultCounts {
  const counts = { unavailable: 0, delayed: 0, answersLost: 0, sendsDropped: 0, neverSent: 0 };
  const fates = new Map<string, { readonly fate: Fate; readonly sinceMs: number; sends: number }>();

  /** What any call may meet; undefined: it goes through. */
  async function trouble(): Promise<HttpAnswer | undefined> {
    if (random() < shares.unavailable) {
      counts.unavailable += 1;
      return { status: 503 };
    }
    if (random() < shares.delayed) {
      counts.delayed += 1;
      await systemClock.sleep(random() * shares.delayMs);
    }
    return undefined;
  }

  const pass: RpcHandler = async (_request, forward) => (await trouble()) ?? forward();

  const send: RpcHandler = async (request, forward) => {
    const signature = signatureIn(request);
    let known = fates.get(signature);
    if (!known) {
      known = { fate: drawFate(shares, random()), sinceMs: systemClock.monotonic(), sends: 0 };
      fates.set(signature, known);
    }
    known.sends += 1;
    const unavailable = await trouble();
    if (unavailable) return unavailable;
    const taken: RpcAnswer = { result: signature };
    switch (known.fate) {
      case 'never-sent':
        counts.neverSent += 1;
        return taken;
      case 'dropped':
        if (systemClock.monotonic() - known.sinceMs >= shares.droppedMs) return forward();
        counts.sendsDropped += 1;
        if (known.sends === 1 && isRetriedByNode(request)) {
          void systemClock.sleep(shares.droppedMs).then(() => forward().catch(() => undefined));
        }
        return taken;
      case 'answer-lost': {
        const answer = await forward();
        if (known.sends > 1) return answer;
        counts.answersLost += 1;
        return { status: 504 };
      }
      case 'passes':
        return forward();
    }
  };

  for (const proxy of proxies) {
    for (const method of METHODS) proxy.onRpc(method, pass);
    proxy.onRpc('sendTransaction', send);
  }
  return counts;
}

function drawFate({ answerLost, dropped, neverSent }: WriteFaultShares, drawn: number): Fate {
  if (drawn < answerLost) return 'answer-lost';
  if (drawn < answerLost + dropped) return 'dropped';
  return drawn < answerLost + dropped + neverSent ? 'never-sent' : 'passes';
}

/** A node offers bytes to the next leaders by itself unless it is told not to. */
function isRetriedByNode({ params }: RpcRequest): boolean {
  return (params?.[1] as { maxRetries?: number } | undefined)?.maxRetries !== 0;
}

/** The first of the signatures, which names the transaction: 64 bytes behind their number. */
function signatureIn({ params }: RpcRequest): string {
  const [text, options] = (params ?? []) as [string, { encoding?: string } | undefined];
  const wire = options?.encoding === 'base64' ? Buffer.from(text, 'base64') : Buffer.from(bs58.decode(text));
  return bs58.encode(wire.subarray(1, 65));
}
