import { startLine } from '../command/started-as.js';

/**
 * The line that audits a running stack from another terminal; variables that are set win over .env. Its environment is
 * whole: any other command goes as well in place of the audit.
 */
export function auditCommand(
  stack: {
    readonly rpcUrls: readonly string[];
    readonly wsUrls: readonly string[];
    /** Null where the caller's own MONGODB_URI, which may hold a password, is used. */
    readonly databaseUri: string | null;
    readonly databaseName: string;
  },
  audit = startLine('audit'),
): string {
  const settings: [string, string | null][] = [
    ['SOLANA_RPC_URL', stack.rpcUrls.join(',')],
    ['SOLANA_WS_URL', stack.wsUrls.join(',')],
    ['MONGODB_URI', stack.databaseUri],
    ['MONGODB_DATABASE', stack.databaseName],
  ];
  const set = settings.flatMap(([name, value]) => (value === null ? [] : [`${name}=${quoted(value)}`]));
  return [...set, audit].join(' ');
}

/** As a shell takes it: a database URI has a `?` and may have an `&`. */
function quoted(value: string): string {
  return /^[\w:/.,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
