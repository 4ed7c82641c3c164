import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Connection } from '@solana/web3.js';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { deployProgram } from './deploy-program.js';
import type { DevChain, DevProgram } from './dev-chain.js';
import { startEmbeddedProcess, type EmbeddedProcess } from './embedded-process.js';
import { findFreePorts } from './free-port.js';
import { fundAccount } from './fund-account.js';
import { processRecordsDir, takeDirectory } from './state-directory.js';

/** RPC, WebSocket (always RPC + 1), faucet, gossip, then the validator's own: it refuses a range under 25. */
const OWN_PORTS = 4;
const DYNAMIC_PORTS = 32;
const START_ATTEMPTS = 3;
/** The first start of 4.1.2 takes about 15 s on 2 cores, a slow CI machine several times that. */
const HEALTHY_TIMEOUT_MS = 120_000;
const POLL_MS = 200;
/**
 * History kept, in shreds. Even an empty slot makes about 32 data shreds, so the tool's own default of 10,000 forgets
 * transactions after some minutes, and an audit of the first events would find nothing.
 */
const LEDGER_SHREDS = 500_000;
/** A tick of the validator's clock; its 64 ticks a slot make mainnet's 400 ms. */
const TICK_MS = 6.25;

/**
 * Runs a `solana-test-validator` on ports of its own, with `programs` at genesis, upgradeable by their own keypairs.
 * With `dataDir` the ledger survives a restart; else it lives in a temporary directory. Returns when it is healthy and
 * its slots move. Throws MooringError `validator-failed`.
 */
export async function startValidatorChain(options: {
  binary: string;
  programs: readonly DevProgram[];
  slotTimeMs: number;
  dataDir?: string | undefined;
  log: (line: string) => void;
}): Promise<DevChain> {
  const recordsDir = processRecordsDir(options.dataDir);
  takeDirectory(recordsDir, options.dataDir, options.log);
  options.log('starting solana-test-validator (about 15 seconds) …');
  let last: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const rpcPort = await findFreePorts(OWN_PORTS + DYNAMIC_PORTS);
    const home = options.dataDir ? resolve(options.dataDir) : mkdtempSync(join(tmpdir(), 'mooring-validator-'));
    mkdirSync(home, { recursive: true });
    const ledger = join(home, 'ledger');
    const resumes = existsSync(join(ledger, 'genesis.bin'));
    const server = await startEmbeddedProcess({
      command: options.binary,
      args: validatorArguments(ledger, rpcPort, options.slotTimeMs, resumes ? [] : options.programs),
      dir: home,
      temporary: options.dataDir === undefined,
      recordsDir,
    });
    try {
      return await openValidator(server, rpcPort, options);
    } catch (error) {
      last = error;
      await server.stop();
      // Only a start that failed by itself, as over a port somebody took, deserves another.
      if (!(error instanceof MooringError && error.code === 'validator-failed')) throw error;
    }
  }
  throw last;
}

async function openValidator(
  server: EmbeddedProcess,
  rpcPort: number,
  options: { programs: readonly DevProgram[]; dataDir?: string | undefined },
): Promise<DevChain> {
  const rpcUrl = `http://127.0.0.1:${rpcPort}`;
  const connection = new Connection(rpcUrl, 'confirmed');
  await waitUntilMoving(server, connection);
  // A resumed ledger keeps its programs; a rebuilt or a new one is deployed as to any running validator.
  for (const program of options.programs) await deployProgram(connection, program);
  return {
    kind: 'validator',
    rpcUrls: [rpcUrl],
    wsUrls: [`ws://127.0.0.1:${rpcPort + 1}`],
    genesisHash: await connection.getGenesisHash(),
    survivesRestart: options.dataDir !== undefined,
    isLocal: true,
    fund: (address, lamports) => fundAccount(connection, address, lamports),
    deploy: async (program) => {
      await deployProgram(connection, program);
    },
    stop: () => server.stop(),
  };
}

/** The arguments of one start; the slot time and `genesisPrograms` only count when the ledger is new. */
function validatorArguments(
  ledger: string,
  rpcPort: number,
  slotTimeMs: number,
  genesisPrograms: readonly DevProgram[],
): string[] {
  const firstDynamic = rpcPort + OWN_PORTS;
  return [
    ...['--ledger', ledger, '--quiet'],
    ...['--bind-address', '127.0.0.1', '--rpc-port', String(rpcPort), '--faucet-port', String(rpcPort + 2)],
    ...['--gossip-port', String(rpcPort + 3)],
    ...['--dynamic-port-range', `${firstDynamic}-${firstDynamic + DYNAMIC_PORTS - 1}`],
    ...['--limit-ledger-size', String(LEDGER_SHREDS)],
    ...['--ticks-per-slot', String(Math.max(1, Math.round(slotTimeMs / TICK_MS)))],
    ...genesisPrograms.flatMap(({ address, soPath }) => [
      '--upgradeable-program',
      address.toBase58(),
      resolve(soPath),
      address.toBase58(),
    ]),
  ];
}

async function waitUntilMoving(server: EmbeddedProcess, connection: Connection): Promise<void> {
  const deadline = systemClock.monotonic() + HEALTHY_TIMEOUT_MS;
  let first: number | undefined;
  while (systemClock.monotonic() < deadline) {
    const failure = server.failure();
    if (failure !== undefined) throw new MooringError('validator-failed', failure);
    try {
      const slot = await connection.getSlot('confirmed');
      if (first !== undefined && slot > first) return;
      first ??= slot;
    } catch {
      // Not listening yet.
    }
    await systemClock.sleep(POLL_MS);
  }
  throw new MooringError(
    'validator-slow',
    `solana-test-validator made no slots within ${HEALTHY_TIMEOUT_MS / 1000} s.`,
  );
}
