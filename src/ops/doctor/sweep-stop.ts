const ELSEWHERE = 'name another endpoint in SOLANA_RPC_URL';

/** Why a sweep left the frontier where it was, and what to do, by the reason that the worker's status gives. */
const SWEEP_STOPS: Readonly<Record<string, readonly [meaning: string, advice: string]>> = {
  'node-behind': [
    'the endpoint has not finalized what was scanned before',
    `It ends by itself when the node catches up; if not, ${ELSEWHERE}.`,
  ],
  'walks-disagree': [
    'two walks through the history listed different transactions',
    `It ends by itself when they agree; if not, an endpoint lacks history: ${ELSEWHERE}.`,
  ],
  'history-missing': [
    'the endpoint has no history as far back as the frontier',
    'Name an endpoint with older history in SOLANA_RPC_URL: the line "history" says from which slot on.',
  ],
  'history-lost': [
    'the endpoint does not list transactions that the ledger knows to be final',
    `It has lost history: ${ELSEWHERE}.`,
  ],
  inconsistent: [
    'pages of the history do not fit each other',
    `Different nodes answer behind one address: ${ELSEWHERE}.`,
  ],
  stuck: ['pages of the history repeat themselves', `The endpoint pages wrongly: ${ELSEWHERE}.`],
  'fetch-failed': [
    'a transaction that is listed could not be fetched',
    `It is tried again at every sweep; if it stays, ${ELSEWHERE} that keeps transactions.`,
  ],
  'database-failed': [
    'the database failed the sweep',
    'See the lines of the database here, and the log of the worker.',
  ],
  failed: ['the sweep failed for a reason that only the log knows', 'See "sweep failed" in the log of the worker.'],
  'told-to': ['the worker was ending', 'Nothing: the next worker sweeps.'],
};

/** A reason that is the chain's own. */
const CHAIN_FAILED: readonly [string, string] = [
  'the endpoint failed the sweep',
  `See the lines of the chain here; if they are well, ${ELSEWHERE}.`,
];

/** What a sweep's reason to stop means, and what to do. */
export function explainSweepStop(reason: string): { readonly meaning: string; readonly advice: string } {
  const [meaning, advice] = SWEEP_STOPS[reason] ?? CHAIN_FAILED;
  return { meaning, advice };
}
