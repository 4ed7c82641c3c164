/** The kinds of database servers we know how to come by, in the order of preference. */
export type DatabaseKind = 'external' | 'mongod' | 'secantus-rs' | 'memory-server' | 'secantus-py';

export type DatabaseChoice =
  | { kind: 'external'; uri: string }
  | { kind: 'mongod'; binary: string }
  | { kind: 'secantus-rs'; binary: string }
  | { kind: 'memory-server' }
  | { kind: 'secantus-py' };

export interface DatabaseMachine {
  /** Looks up an executable on PATH. */
  readonly find: (name: string) => string | undefined;
  /** A mongod of an earlier download lies in our cache. */
  readonly hasDownloadedMongod: boolean;
  /** A download of mongod failed lately: it takes seconds to fail, so it is not tried at every start. */
  readonly downloadFailedLately: boolean;
}

/**
 * The databases to try, best first: the next one only counts when the one before cannot be had at all. A given URI, a
 * `mongod` or a `secantusd-rs` on PATH is taken or fails loudly; a download may fail quietly. Pure.
 */
export function resolveDatabase(request: { uri?: string | undefined }, machine: DatabaseMachine): DatabaseChoice[] {
  if (request.uri) return [{ kind: 'external', uri: request.uri }];
  const mongod = machine.find('mongod');
  if (mongod !== undefined) return [{ kind: 'mongod', binary: mongod }];
  const secantus = machine.find('secantusd-rs');
  if (secantus !== undefined) return [{ kind: 'secantus-rs', binary: secantus }];
  const fallback: DatabaseChoice = { kind: 'secantus-py' };
  if (machine.hasDownloadedMongod || !machine.downloadFailedLately) return [{ kind: 'memory-server' }, fallback];
  return [fallback];
}
