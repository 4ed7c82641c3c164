/** What global-setup.ts hands to the test files (`inject` of vitest); serializable values only. */
declare module 'vitest' {
  export interface ProvidedContext {
    /** The shared database server, without a database name: see test-database.ts. */
    mongodbUri: string;
    /** The server and everything in it is removed when the run ends. */
    databaseGoesWithRun: boolean;
    /** Where sources stand as JavaScript: see built-copies.ts. */
    builtCopies: string;
    /** The shared validator of a run with MOORING_TEST_CHAIN=validator: see test-chain.ts. */
    sharedChain: { rpcUrl: string; wsUrl: string } | null;
  }
}

export {};
