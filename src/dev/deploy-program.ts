import { readFileSync } from 'node:fs';
import { Keypair, LAMPORTS_PER_SOL, SystemProgram, type Connection } from '@solana/web3.js';
import { systemClock } from '../lib/clock.js';
import { MooringError, messageOf } from '../lib/errors.js';
import {
  BUFFER_HEADER_BYTES,
  PROGRAM_DATA_HEADER_BYTES,
  readDeployedProgram,
  UPGRADEABLE_LOADER,
} from './deployed-program.js';
import type { DevProgram } from './dev-chain.js';
import { fundAccount } from './fund-account.js';
import { deployWithMaxDataLen, extendProgram, initializeBuffer, upgrade, writeBuffer } from './loader-instructions.js';
import { sendRepeatable, sendOne } from './send-transactions.js';

/** What is left of a 1,232-byte packet after two signatures, the keys and the write instruction's head, rounded down. */
const CHUNK_BYTES = 900;
/** Size of a Program account of the upgradeable loader. */
const PROGRAM_ACCOUNT_BYTES = 36;
/** Fees of the transactions, which a local chain gives away. */
const FEES_LAMPORTS = LAMPORTS_PER_SOL;
const SBPF_VERSION_HINT =
  'This validator takes new programs in SBPF v3 only (SIMD-0500, since Agave 4.1): build for v3, or give the program ' +
  'to solana-test-validator at genesis (--bpf-program).';
const NEXT_SLOT_POLL_MS = 50;

/**
 * Deploys or upgrades a program on a local chain by real loader transactions, paid by airdrop, with the program's own
 * keypair as upgrade authority. Does nothing when the same bytes are there already. Returns when the program can be
 * called. Throws MooringError `deploy-refused`, `deploy-failed`.
 */
export async function deployProgram(connection: Connection, program: DevProgram): Promise<'deployed' | 'unchanged'> {
  const elf = readFileSync(program.soPath);
  const name = `${program.soPath} at ${program.address.toBase58()}`;
  const present = await readDeployedProgram(connection, program.address, elf);
  if (present.kind === 'deployed' && present.same) return 'unchanged';
  const programKeypair = readProgramKeypair(program);
  if (present.kind === 'deployed' && !present.upgradeAuthority?.equals(programKeypair.publicKey)) {
    throw new MooringError(
      'deploy-refused',
      `Another version of ${name} is on this chain and cannot be upgraded by its development keypair. Reset the validator (solana-test-validator --reset).`,
    );
  }
  try {
    const payer = Keypair.generate();
    const buffer = await writeToBuffer(connection, payer, programKeypair, elf);
    if (present.kind === 'absent') await deployNew(connection, payer, programKeypair, buffer, elf.length);
    else await replace(connection, payer, programKeypair, buffer, elf.length - present.capacityBytes);
    // The loader makes a program callable in the slot after its deployment.
    await nextSlot(connection);
    return 'deployed';
  } catch (error) {
    if (error instanceof MooringError && error.code === 'fund-failed') throw error;
    const hint = messageOf(error).includes('sbpf_version') ? ` ${SBPF_VERSION_HINT}` : '';
    throw new MooringError('deploy-failed', `Cannot deploy ${name}: ${messageOf(error)}.${hint}`, { cause: error });
  }
}

async function writeToBuffer(
  connection: Connection,
  payer: Keypair,
  authority: Keypair,
  elf: Buffer,
): Promise<Keypair> {
  const buffer = Keypair.generate();
  const space = BUFFER_HEADER_BYTES + elf.length;
  const lamports = await connection.getMinimumBalanceForRentExemption(space);
  const dataLamports = await connection.getMinimumBalanceForRentExemption(PROGRAM_DATA_HEADER_BYTES + elf.length);
  await fundAccount(connection, payer.publicKey, lamports + dataLamports + FEES_LAMPORTS);
  await sendOne(
    connection,
    [
      SystemProgram.createAccount({
        fromPubkey: payer.publicKey,
        newAccountPubkey: buffer.publicKey,
        lamports,
        space,
        programId: UPGRADEABLE_LOADER,
      }),
      initializeBuffer(buffer.publicKey, authority.publicKey),
    ],
    [payer, buffer],
  );
  const writes = [];
  for (let offset = 0; offset < elf.length; offset += CHUNK_BYTES) {
    const chunk = elf.subarray(offset, offset + CHUNK_BYTES);
    writes.push([writeBuffer(buffer.publicKey, authority.publicKey, offset, chunk)]);
  }
  await sendRepeatable(connection, writes, [payer, authority]);
  return buffer;
}

async function deployNew(
  connection: Connection,
  payer: Keypair,
  program: Keypair,
  buffer: Keypair,
  elfBytes: number,
): Promise<void> {
  await sendOne(
    connection,
    [
      SystemProgram.createAccount({
        fromPubkey: payer.publicKey,
        newAccountPubkey: program.publicKey,
        lamports: await connection.getMinimumBalanceForRentExemption(PROGRAM_ACCOUNT_BYTES),
        space: PROGRAM_ACCOUNT_BYTES,
        programId: UPGRADEABLE_LOADER,
      }),
      deployWithMaxDataLen(
        {
          payer: payer.publicKey,
          program: program.publicKey,
          buffer: buffer.publicKey,
          authority: program.publicKey,
        },
        elfBytes,
      ),
    ],
    [payer, program],
  );
}

async function replace(
  connection: Connection,
  payer: Keypair,
  program: Keypair,
  buffer: Keypair,
  missingBytes: number,
): Promise<void> {
  if (missingBytes > 0) {
    await sendOne(connection, [extendProgram(program.publicKey, payer.publicKey, missingBytes)], [payer]);
    await nextSlot(connection);
  }
  const accounts = {
    program: program.publicKey,
    buffer: buffer.publicKey,
    spill: payer.publicKey,
    authority: program.publicKey,
  };
  await sendOne(connection, [upgrade(accounts)], [payer, program]);
}

function readProgramKeypair(program: DevProgram): Keypair {
  const address = program.address.toBase58();
  if (program.keypairPath === undefined) {
    throw new MooringError('deploy-refused', `Deploying ${address} to a running validator needs its keypair file.`);
  }
  let keypair: Keypair;
  try {
    keypair = Keypair.fromSecretKey(Uint8Array.from(JSON.parse(readFileSync(program.keypairPath, 'utf8')) as number[]));
  } catch (error) {
    throw new MooringError('deploy-refused', `${program.keypairPath} is not a keypair file: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!keypair.publicKey.equals(program.address)) {
    throw new MooringError(
      'deploy-refused',
      `${program.keypairPath} is the keypair of another program than ${address}.`,
    );
  }
  return keypair;
}

async function nextSlot(connection: Connection): Promise<void> {
  const slot = await connection.getSlot('confirmed');
  while ((await connection.getSlot('confirmed')) <= slot) await systemClock.sleep(NEXT_SLOT_POLL_MS);
}
