/** The keys the server signs with. Where they live (memory, a KMS, an HSM) is the implementation's business. */
export interface Signers {
  /** Base58, in the configured order. The first one signs and pays where a request names none. */
  readonly addresses: readonly string[];
  /** The Ed25519 signature of a message. Throws MooringError `signer-not-held` for an address that is not held. */
  sign(address: string, message: Uint8Array): Promise<Uint8Array>;
}
