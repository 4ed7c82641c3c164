/** How settled a thing is on chain. `processed` is never used: it includes forks that were dropped (TRAPS 9). */
export type Commitment = 'confirmed' | 'finalized';
