/** Genesis hashes of the clusters that belong to everybody (docs.anza.xyz/clusters/available, read 2026-11). */
const PUBLIC_GENESIS_HASHES: ReadonlyMap<string, string> = new Map([
  ['5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d', 'mainnet'],
  ['4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY', 'testnet'],
  ['EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG', 'devnet'],
]);

/** The name of the public cluster with this genesis, or undefined for a chain of somebody's own. */
export function publicClusterOf(genesisHash: string): string | undefined {
  return PUBLIC_GENESIS_HASHES.get(genesisHash);
}
