import { Keypair, LAMPORTS_PER_SOL, type PublicKey } from '@solana/web3.js';
import { systemClock } from '../lib/clock.js';
import { messageOf, MooringError } from '../lib/errors.js';
import { CouponsClient } from './coupons-client.js';
import { nextAction } from './traffic-choice.js';
import { playAction, type StallPeople } from './traffic-player.js';
import { seededRandom } from './seeded-random.js';
import { actionLanded, newStall, type Stall, type StallAction } from './traffic-stall.js';
import { CUSTOMER_NAMES, describeAction, SHOP_NAMES } from './traffic-words.js';

/** Rent for a good many accounts. Local lamports cost nothing. */
const PURSE_LAMPORTS = 500 * LAMPORTS_PER_SOL;
/** A stall that fails this often in a row is not unlucky. */
const FAILURES_IN_A_ROW = 5;

export interface TrafficOptions {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly fund: (address: PublicKey, lamports: number) => Promise<void>;
  /** Stalls that act at the same time, each one thing after another. */
  readonly stalls: number;
  readonly seed: number;
}

/** A transaction of the traffic that is confirmed. */
export interface TrafficLanding {
  readonly signature: string;
  readonly slot: number;
  /** Monotonic milliseconds around it: built after the one, known to be confirmed at the other. */
  readonly startedAtMs: number;
  readonly landedAtMs: number;
  /** The events that the program emits for it, by name. */
  readonly events: readonly string[];
  readonly sentence: string;
}

export interface TrafficRun {
  /** Asked before each action. */
  readonly until: () => boolean;
  readonly onLanded?: (landing: TrafficLanding) => void;
  /** The least time between two actions of one stall, in milliseconds. */
  readonly paceMs?: number;
  /** Kinds of action that nobody takes in this run. */
  readonly without?: readonly StallAction['kind'][];
}

/** People with wallets of their own who use the coupon marketplace directly on chain. */
export interface Traffic {
  readonly client: CouponsClient;
  /** Plays on where the last run ended. Resolves when everything begun has landed. */
  run(options: TrafficRun): Promise<void>;
}

/** Funds the wallets. Throws MooringError `traffic-failed` from `run` when the chain accepts nothing any more. */
export async function openTraffic(options: TrafficOptions): Promise<Traffic> {
  const client = new CouponsClient(options.rpcUrl, options.wsUrl);
  const random = seededRandom(options.seed);
  const fundedWallet = async (): Promise<Keypair> => {
    const wallet = Keypair.generate();
    await options.fund(wallet.publicKey, PURSE_LAMPORTS);
    return wallet;
  };
  const customers = await Promise.all(CUSTOMER_NAMES.map(fundedWallet));
  const openStall = async (shop: string): Promise<{ stall: Stall; people: StallPeople }> => ({
    stall: newStall(customers.length),
    people: { shop, merchant: await fundedWallet(), customers },
  });
  const shops = Array.from({ length: options.stalls }, (_, index) => SHOP_NAMES[index % SHOP_NAMES.length] as string);
  const open = await Promise.all(shops.map(openStall));

  async function tend(place: number, { until, onLanded, paceMs = 0, without = [] }: TrafficRun): Promise<void> {
    let failures = 0;
    while (!until()) {
      const { stall, people } = open[place] as (typeof open)[number];
      const startedAtMs = systemClock.monotonic();
      const action = nextAction(stall, random, without);
      const sentence = describeAction(stall, action, people.shop);
      try {
        const landed = await playAction(client, stall, people, action);
        const landedAtMs = systemClock.monotonic();
        onLanded?.({ ...landed, startedAtMs, landedAtMs, events: actionLanded(stall, action), sentence });
        failures = 0;
        await systemClock.sleep(Math.max(0, startedAtMs + paceMs - landedAtMs));
      } catch (error) {
        if (++failures >= FAILURES_IN_A_ROW) {
          throw new MooringError('traffic-failed', `The chain accepts no traffic any more: ${messageOf(error)}`, {
            cause: error,
          });
        }
        // Whether it landed is not known, so neither is what the chain says of this stall: its merchant starts anew.
        open[place] = await openStall(people.shop);
      }
    }
  }
  return { client, run: async (run) => void (await Promise.all(open.map((_, place) => tend(place, run)))) };
}
