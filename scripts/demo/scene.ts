import { randomBytes } from 'node:crypto';
import { Keypair, LAMPORTS_PER_SOL, type PublicKey } from '@solana/web3.js';
import idl from '../../idl/coupons.json' with { type: 'json' };
import { startTripwire, type Tripwire } from '../../src/dev/demo-tripwire.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { openTraffic, type TrafficRun } from '../../src/dev/traffic.js';
import { ownDomains } from '../../src/domains/registry.js';
import { MooringError } from '../../src/lib/errors.js';
import { openLanes, type OpenLanes } from '../traffic/open-lanes.js';
import { observeLatency, type LatencyObserver } from './latency-observer.js';
import type { DemoOptions } from './options.js';
import { startStack, type Stack } from './start-stack.js';
import { seconds, type Terminal } from './terminal.js';

/** Finality is 32 slots: at this pace it takes 5 s, quick and yet to be watched. */
const SLOT_MS = 150;
/** Stalls at work at the same time. */
const STALLS = 6;
const SIGNER_LAMPORTS = 100 * LAMPORTS_PER_SOL;
const LISTENING_TIMEOUT_MS = 30_000;

/** Everything the demo plays on. */
export interface Scene {
  readonly chain: DevChain;
  readonly stack: Stack;
  readonly tripwire: Tripwire;
  /** Everybody who acts on chain: the coupons' stalls, the red packets, the stake vault. */
  readonly traffic: { run(run: TrafficRun): Promise<void> };
  /** Who brings the randomness of the red packets. */
  readonly startOracle: OpenLanes['startOracle'];
  /** A wallet that stakes, and so is a developer who has not registered. */
  readonly staker: string;
  readonly latency: LatencyObserver;
  /** Held by the API: a merchant and two customers. */
  readonly signers: readonly Keypair[];
  readonly apiKey: string;
  /** Null for a database that MONGODB_URI names. */
  readonly databaseUri: string | null;
}

/** What has to be undone at the end; undone in reverse, also after a set-up that stopped halfway. */
export type CleanUp = (undo: () => Promise<void>) => void;

/** Sets the scene, with a line for each thing that stands. Throws MooringError with what to do. */
export async function setScene(
  options: DemoOptions,
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
  cleanUp: CleanUp,
): Promise<Scene> {
  const step = async <T>(what: string, work: () => Promise<T>, details: (made: T) => string): Promise<T> => {
    const startedAt = performance.now();
    terminal.below(() => `${what} …`);
    try {
      const made = await work();
      terminal.below(undefined);
      terminal.done(what, details(made), seconds(performance.now() - startedAt));
      return made;
    } finally {
      terminal.below(undefined);
    }
  };
  const log = (line: string): void => terminal.line(terminal.style('dim', `    ${line}`));

  const programs = projectPrograms();
  const chain = await step(
    'chain',
    () =>
      startChain({
        kind: options.chain,
        // A new validator takes them in its genesis: deployed to it afterwards they cost some 200 transactions.
        programs: options.chain === 'validator' ? programs : [],
        rpcUrls: urls(environment['SOLANA_RPC_URL']),
        wsUrls: urls(environment['SOLANA_WS_URL']),
        slotTimeMs: SLOT_MS,
        log,
      }),
    (made) => `${CHAIN_KINDS[made.kind]}  ${made.rpcUrls[0]}`,
  );
  cleanUp(() => chain.stop());
  if (!chain.isLocal) {
    throw new MooringError(
      'demo-refused',
      'The demo deploys programs and pays with airdrops, so it plays on a local chain only. Leave SOLANA_RPC_URL empty for the embedded one.',
    );
  }
  await step(
    'programs',
    async () => {
      for (const program of programs) await chain.deploy(program);
    },
    () => programs.map(({ name, address }) => `${name} ${address.toBase58().slice(0, 8)}…`).join(', '),
  );

  const database = await step(
    'database',
    () => startDatabase({ uri: environment['MONGODB_URI'], log }),
    (made) => `${DATABASE_KINDS[made.kind]}${made.version === undefined ? '' : `, speaks MongoDB ${made.version}`}`,
  );
  cleanUp(() => database.stop());

  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  const people = {
    ...{ rpcUrl, wsUrl },
    fund: (address: PublicKey, lamports: number) => chain.fund(address, lamports),
  };
  const { market, systems } = await step(
    'wallets',
    async () => ({
      market: await openTraffic({ ...people, stalls: STALLS, seed: 7 }),
      systems: await openLanes(people),
    }),
    () =>
      `${STALLS} merchants, 8 customers, a red packet's creator, its claimers and its oracle, 2 stakers, 3 keys for the API`,
  );
  const signers = [Keypair.generate(), Keypair.generate(), Keypair.generate()];
  await Promise.all(signers.map(({ publicKey }) => chain.fund(publicKey, SIGNER_LAMPORTS)));

  const tripwire = await startTripwire(wsUrl);
  cleanUp(() => tripwire.stop());
  const ownName = environment['MONGODB_DATABASE'];
  const stack = await step(
    'mooring',
    async () => {
      const made = await startStack({
        chain,
        database,
        // Whatever else is installed: these are what its traffic is about.
        domains: ownDomains({ redPacketsCrown: 'always', stakeVaultAddress: systems.vault }),
        wsUrls: [tripwire.url],
        signers,
        environment: {
          LOG_LEVEL: options.verbose ? 'debug' : 'error',
          LOG_PRETTY: 'true',
          // Its stories are the demo's own; a person who then clicks around should not be slowed down either.
          RATE_LIMIT_PER_MINUTE: '6000',
          // On a slow machine the loss that it makes, and shows, lasts long enough for an alert.
          ALERT_HOLD_MS: '600000',
          HOST: environment['HOST'],
          PORT: environment['PORT'],
          MONGODB_DATABASE: ownName ?? `mooring_demo_${randomBytes(4).toString('hex')}`,
        },
      });
      cleanUp(async () => {
        if (database.kind === 'external' && ownName === undefined && !options.keep) {
          await made.foundation.mongo.db.dropDatabase().catch(() => undefined);
        }
        await made.foundation.close();
      });
      cleanUp(() => made.drain());
      await untilListening(made);
      return made;
    },
    (made) => `event worker and API in this process  ${made.api.url}`,
  );
  const { token } = await stack.api.apiKeys.create('demo', ['read', 'write']);
  const latency = await observeLatency(wsUrl, idl.address, stack.foundation.mongo.db);
  cleanUp(() => latency.stop());
  return {
    chain,
    stack,
    tripwire,
    traffic: { run: async (run) => void (await Promise.all([market.run(run), systems.lanes.run(run)])) },
    startOracle: (db, told) => systems.startOracle(db, told),
    staker: systems.staker,
    latency,
    signers,
    apiKey: token,
    databaseUri: database.kind === 'external' ? null : database.uri,
  };
}

const CHAIN_KINDS = {
  surfnet: 'embedded Surfnet, a real SVM',
  validator: 'solana-test-validator',
  external: 'the local chain of SOLANA_RPC_URL',
} as const;

const DATABASE_KINDS = {
  external: 'the one of MONGODB_URI',
  mongod: 'mongod, started here',
  'memory-server': 'mongod (downloaded), started here',
  'secantus-rs': 'secantusd-rs, started here',
  'secantus-py': 'SecantusDB from PyPI, started here',
} as const;

async function untilListening(stack: Stack): Promise<void> {
  const deadline = performance.now() + LISTENING_TIMEOUT_MS;
  while (!stack.worker.status().live) {
    if (performance.now() > deadline) {
      throw new MooringError('demo-failed', 'The event worker does not get a log subscription. Try --verbose.');
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function urls(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
}
