import { LAMPORTS_PER_SOL, type Keypair, type PublicKey } from '@solana/web3.js';
import idl from '../../idl/stake-vault.json' with { type: 'json' };
import { installedDomains } from '../../src/app/installed-domains.js';
import { installedJobs } from '../../src/app/installed-jobs.js';
import type { Config } from '../../src/config/env.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { PacketSender } from '../traffic/packet-sender.js';
import { startRandomnessWorker } from '../traffic/randomness-worker.js';
import { devApiKey, devWallets } from './dev-keys.js';
import { openDevVault, type DevVault } from './dev-vault.js';
import { startStack, type Stack } from './start-stack.js';

const WALLETS = ['merchant', 'ada', 'ben'] as const;
/** Brings the randomness of red packets that name it. */
const ORACLE = 'oracle';
/** The module whose packets it answers. */
const RED_PACKETS = 'red-packets';
/** The module whose stakes make developers. */
const STAKE_VAULT = 'stake-vault';
const PURSE_LAMPORTS = 100 * LAMPORTS_PER_SOL;
/** What is left of a purse before it is filled again. */
const LOW_LAMPORTS = 10 * LAMPORTS_PER_SOL;

/** The development stack as a person needs to know it. */
export interface DevStack {
  readonly chain: DevChain;
  readonly stack: Stack;
  readonly apiKey: string;
  /** Those whose keys the API holds, and the oracle's. */
  readonly wallets: readonly { readonly name: string; readonly address: string; readonly path: string }[];
  /** Made here where STAKE_VAULT_ADDRESS names none; null otherwise, and where nothing can be made. */
  readonly devVault: DevVault | null;
}

/**
 * Starts event worker and API for development on the chain and the database of `config`. Wallets and API key stay the
 * same always. `deploys` where the chain is somebody's own: what was rebuilt goes there at each start.
 */
export async function startDevStack(options: {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly deploys: boolean;
  readonly cleanUp: (undo: () => Promise<void>) => void;
}): Promise<DevStack> {
  const { config, dataDir, deploys, cleanUp } = options;
  const chain = await startChain({
    rpcUrls: config.solanaRpcUrls,
    wsUrls: config.solanaWsUrls,
    programs: deploys ? projectPrograms() : [],
  });
  const database = await startDatabase({ uri: config.mongodbUri });
  const wallets = devWallets(dataDir, [...WALLETS, ORACLE]);
  if (chain.isLocal) {
    await Promise.all(wallets.map(({ keypair }) => fillPurse(chain, keypair.publicKey)));
  }
  const installed = await installedDomains(config);
  const isWanted = chain.isLocal && installed.some(({ module }) => module.name === STAKE_VAULT);
  const devVault =
    isWanted && config.stakeVaultAddress === null ? await vaultOf(chain, config, dataDir, signersAmong(wallets)) : null;
  const stack = await startStack({
    chain,
    database,
    domains: devVault ? await installedDomains({ ...config, stakeVaultAddress: devVault.vault }) : installed,
    jobs: await installedJobs(config),
    signers: signersAmong(wallets),
    environment: options.environment,
  });
  cleanUp(() => stack.foundation.close());
  cleanUp(() => stack.drain());
  const { mongo, modules, log } = stack.foundation;
  const redPackets = modules.find(({ module }) => module.name === RED_PACKETS);
  const oracle = wallets.find(({ name }) => name === ORACLE);
  if (redPackets && oracle) {
    const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
    const sender = new PacketSender(rpcUrl, wsUrl, redPackets.codec.programId);
    const answers = startRandomnessWorker(mongo.db, sender, oracle.keypair, {
      answered: (packet, { signature }) =>
        log.info({ packet, signature }, 'the oracle brought the randomness of a packet'),
      trouble: (reason) => log.warn({ reason }, 'the oracle could not bring randomness; it tries again'),
    });
    cleanUp(() => answers.stop());
  }
  return {
    chain,
    stack,
    devVault,
    apiKey: await devApiKey(dataDir, stack.foundation.mongo.db, stack.api.apiKeys),
    wallets: wallets.map(({ name, path, keypair }) => ({ name, path, address: keypair.publicKey.toBase58() })),
  };
}

function signersAmong(wallets: ReturnType<typeof devWallets>): Keypair[] {
  return wallets.flatMap(({ name, keypair }) => (name === ORACLE ? [] : [keypair]));
}

/** Of the first signer, who is whoever a request does not name. */
function vaultOf(chain: DevChain, config: Config, dataDir: string, owners: readonly Keypair[]): Promise<DevVault> {
  const [mint] = devWallets(dataDir, ['mint']).map(({ keypair }) => keypair) as [Keypair];
  return openDevVault({
    ...{ rpcUrl: chain.rpcUrls[0] as string, wsUrl: chain.wsUrls[0] as string },
    programId: config.programAddresses[STAKE_VAULT] ?? idl.address,
    ...{ authority: owners[0] as Keypair, mint, owners },
  });
}

async function fillPurse(chain: DevChain, address: PublicKey): Promise<void> {
  const response = await fetch(chain.rpcUrls[0] as string, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getBalance', params: [address.toBase58()] }),
  });
  const { result } = (await response.json()) as { result?: { value?: number } };
  if ((result?.value ?? 0) < LOW_LAMPORTS) await chain.fund(address, PURSE_LAMPORTS);
}
