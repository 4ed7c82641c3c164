/**
 * Signature-checking programs the runtime carries out itself. They print no `invoke` line (agave: `process_precompile`
 * bypasses the logged path) and only run as top-level instructions, so they have no index in the invocation trace.
 */
const PRECOMPILES: ReadonlySet<string> = new Set([
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111',
]);

/** Whether an invocation of this program leaves no trace in the logs. */
export function isPrecompile(programId: string): boolean {
  return PRECOMPILES.has(programId);
}
