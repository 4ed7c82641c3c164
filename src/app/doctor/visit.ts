import type { RpcEndpoint } from '../../chain/rpc-endpoint.js';
import type { RpcTransport } from '../../chain/rpc-transport.js';
import type { ChainPort } from '../../chain/chain-port.js';
import type { Config } from '../../config/env.js';
import type { MongoConnection } from '../../store/mongo-connection.js';
import type { InstalledModule } from '../foundation.js';
import type { Machine } from '../machine.js';

/** An RPC endpoint alone, without the retries that would hide what is wrong with it. */
export interface VisitedEndpoint {
  /** Host only; a second key at one host is told from the first by a number. */
  readonly name: string;
  readonly endpoint: RpcEndpoint;
  readonly chain: ChainPort;
  /** Asked once, whoever wants to know. */
  readonly genesis: () => Promise<string>;
  readonly head: () => Promise<number>;
  readonly oldestBlock: () => Promise<number>;
}

/** What the checks look at. Everything is opened when it is first asked for, so that nothing waits for another. */
export interface Visit {
  readonly config: Config;
  readonly machine: Machine;
  readonly endpoints: readonly VisitedEndpoint[];
  /** In the order in which a worker tries them. */
  readonly wsUrls: readonly string[];
  /** Whichever endpoint answers. */
  readonly anyEndpoint: { readonly transport: RpcTransport; readonly chain: ChainPort } | null;
  readonly modules: readonly InstalledModule[];
  readonly database: () => Promise<MongoConnection>;
}
