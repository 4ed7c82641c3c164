const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const actions = new Set<() => void>();

/**
 * Runs `action` (synchronous) when this process exits: at its natural end, by `process.exit`, by an uncaught error, or
 * by a signal nobody else handles. Returns what takes the action back.
 */
export function endOnExit(action: () => void): () => void {
  if (actions.size === 0) {
    process.on('exit', runAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size === 0) detach();
  };
}

function onSignal(signal: NodeJS.Signals): void {
  // Somebody else handles it and ends in good order: they still need the servers while they do.
  if (process.listenerCount(signal) > 1) return;
  runAll();
  detach();
  // Now by its default action, so that our parent sees which signal ended us.
  process.kill(process.pid, signal);
}

function runAll(): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // The process is ending; the others must still be told.
    }
  }
  actions.clear();
}

function detach(): void {
  process.off('exit', runAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
