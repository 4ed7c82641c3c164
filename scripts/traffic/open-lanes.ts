import { Keypair, LAMPORTS_PER_SOL, type PublicKey } from '@solana/web3.js';
import type { mongo } from 'mongoose';
import type { Landed } from '../../src/dev/send-and-confirm.js';
import { Lanes } from './lane.js';
import { mintTokens } from './mint-tokens.js';
import { packetLane } from './packet-lane.js';
import { PacketSender } from './packet-sender.js';
import { startRandomnessWorker, type RandomnessWorker } from './randomness-worker.js';
import { TOKEN, stakeLane } from './stake-lane.js';
import { StakeSender } from './stake-sender.js';

const CLAIMERS = 4;
const PURSE_LAMPORTS = 100 * LAMPORTS_PER_SOL;
const PURSE_TOKENS = 1_000_000n * TOKEN;

/** Red packets and a stake vault in use. */
export interface OpenLanes {
  readonly lanes: Lanes;
  /** The vault that is staked in, and somebody who does. */
  readonly vault: string;
  readonly staker: string;
  /** The packets' oracle answers what the documents of this database ask; until then packets wait. */
  startOracle(
    db: mongo.Db,
    told: { readonly answered?: (packet: string, landed: Landed) => void; readonly trouble: (reason: string) => void },
  ): RandomnessWorker;
}

/** Funds who acts. Throws what funding and the first transactions throw. */
export async function openLanes(options: {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly fund: (address: PublicKey, lamports: number) => Promise<void>;
}): Promise<OpenLanes> {
  const { rpcUrl, wsUrl, fund } = options;
  const funded = async (): Promise<Keypair> => {
    const wallet = Keypair.generate();
    await fund(wallet.publicKey, PURSE_LAMPORTS);
    return wallet;
  };
  const [oracle, creator, authority, one, other] = await Promise.all([
    funded(),
    funded(),
    funded(),
    funded(),
    funded(),
  ]);
  const claimers = await Promise.all(Array.from({ length: CLAIMERS }, funded));

  const packets = new PacketSender(rpcUrl, wsUrl);
  let worker: RandomnessWorker | null = null;
  const people = {
    ...{ creator, claimers, oracle: oracle.publicKey.toBase58() },
    isReady: (packet: string) => worker?.hasAnswered(packet) === true,
  };

  const stakes = new StakeSender(rpcUrl, wsUrl);
  const mint = await mintTokens(stakes.sender, authority, [one, other], PURSE_TOKENS);
  let begun = 0;
  return {
    vault: stakes.addressOf({ authority, mint }),
    staker: one.publicKey.toBase58(),
    lanes: new Lanes([
      () => packetLane(packets, people),
      // Made anew after a failure it finds the vault open.
      () => stakeLane(stakes, { authority, mint, owners: [one, other] }, begun++ > 0),
    ]),
    startOracle: (db, told) => (worker = startRandomnessWorker(db, packets, oracle, told)),
  };
}
