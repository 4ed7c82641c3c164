import anchor, { type Idl } from '@coral-xyz/anchor';
import { Connection, PublicKey } from '@solana/web3.js';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { camelCase } from '../../../src/decoding/camel-case.js';
import type { FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';

/** What a listener's callback is given. */
export type OnGiven = (event: { signature: string; slot: number; name: string; data: unknown }) => void;

/** Starts to listen through the proxy, as people do it. Returns what ends it. */
export type StartListener = (proxy: FaultProxy, onGiven: OnGiven) => () => Promise<void>;

const { BorshCoder, EventParser, Program } = anchor;
/** Asking a node to unsubscribe waits for an answer that may never come. */
const GOODBYE_MS = 2_000;

/** `program.addEventListener` for every event of the IDL, on a Connection of its own. */
export const listenByAnchor: StartListener = (proxy, onGiven) => {
  const connection = connect(proxy);
  const program = new Program(idl, { connection });
  const listeners = idl.events.map(({ name }) =>
    program.addEventListener(camelCase(name), (data: unknown, slot: number, signature: string) =>
      onGiven({ signature, slot, name, data }),
    ),
  );
  return () => endIn(connection, Promise.all(listeners.map((listener) => program.removeEventListener(listener))));
};

/** `connection.onLogs` with Anchor's `EventParser`, on a Connection of its own. */
export const listenByOnLogs: StartListener = (proxy, onGiven) => {
  const connection = connect(proxy);
  const programId = new PublicKey(idl.address);
  const parser = new EventParser(programId, new BorshCoder(idl as Idl));
  const subscription = connection.onLogs(
    programId,
    ({ err, logs, signature }, { slot }) => {
      if (err) return;
      for (const { name, data } of parser.parseLogs(logs)) onGiven({ signature, slot, name, data });
    },
    'confirmed',
  );
  return () => endIn(connection, connection.removeOnLogsListener(subscription));
};

function connect(proxy: FaultProxy): Connection {
  return new Connection(proxy.rpcUrl, { commitment: 'confirmed', wsEndpoint: proxy.wsUrl });
}

/** Ends the connection when the goodbye was heard, or in time: left alone its socket (1.99.0) connects anew for ever. */
async function endIn(connection: Connection, goodbye: Promise<unknown>): Promise<void> {
  await Promise.race([goodbye.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
  const { _rpcWebSocket: socket } = connection as unknown as {
    readonly _rpcWebSocket: { close(): void; setAutoReconnect(reconnect: boolean): void };
  };
  socket.setAutoReconnect(false);
  socket.close();
}
