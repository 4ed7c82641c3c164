import type { SignerOperations } from '../api/ports.js';
import { listSigners, readSigners, type SignerReadDeps } from '../transactions/read-signers.js';
import { pauseSigner, resumeSigner } from '../transactions/signer-pause.js';

/** Signers as an operator sees them, over HTTP and from the command line. */
export function createSignerOperations(deps: SignerReadDeps): SignerOperations {
  const { db, clock } = deps;
  return {
    list: async () => readSigners(deps, await listSigners(deps)),
    read: async (address) => {
      if (!(await listSigners(deps)).includes(address)) return null;
      const [signer] = await readSigners(deps, [address]);
      return signer ?? null;
    },
    pause: (address, reason) => pauseSigner(db, address, { reason, at: new Date(clock.now()) }),
    resume: async (address) => void (await resumeSigner(db, address)),
  };
}
