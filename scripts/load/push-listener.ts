import { WebSocket } from 'ws';

/** Engine.IO's and Socket.IO's packets, as far as a listener needs them (protocol versions 4 and 5). */
const PING = '2';
const PONG = '3';
const CONNECT = '40';
const CONNECT_ERROR = '44';
const EVENT = '42';
const ACK_OF_SUBSCRIBE = '430';

/** A message as it came, and when, on `performance.now()`. */
export interface HeardMessage {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at: number;
}

/**
 * One listener of the push server over a bare WebSocket: of Socket.IO's own client a thousand would measure the client.
 * It does not reconnect: a connection that ends is part of what is measured.
 */
export class PushListener {
  readonly heard: HeardMessage[] = [];
  /** Why the connection ended; null while it is there. */
  ended: string | null = null;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Connects and subscribes. @throws Error with what the server said. */
  static connect(apiUrl: string, apiKey: string | undefined, rooms: object): Promise<PushListener> {
    const url = `${apiUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const listener = new PushListener(socket);
    return new Promise((resolve, reject) => {
      socket.on('error', (error) => reject(new Error(`no push at ${apiUrl}: ${error.message}`)));
      socket.on('close', (code) => {
        listener.ended ??= `closed (${code})`;
        reject(new Error(`the push server at ${apiUrl} closed the connection (${code})`));
      });
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text === PING) socket.send(PONG);
        else if (text.startsWith('0'))
          socket.send(`${CONNECT}${apiKey === undefined ? '' : JSON.stringify({ apiKey })}`);
        else if (text.startsWith(CONNECT_ERROR)) reject(new Error(messageIn(text.slice(CONNECT_ERROR.length))));
        else if (text.startsWith(CONNECT)) socket.send(`420${JSON.stringify(['subscribe', rooms])}`);
        else if (text.startsWith(ACK_OF_SUBSCRIBE)) {
          const [answer] = JSON.parse(text.slice(ACK_OF_SUBSCRIBE.length)) as [
            { ok: boolean; error?: { message: string } },
          ];
          if (answer.ok) resolve(listener);
          else reject(new Error(answer.error?.message));
        } else if (text.startsWith(EVENT)) {
          const [name, payload] = JSON.parse(text.slice(EVENT.length)) as [string, HeardMessage['payload']];
          listener.heard.push({ name, payload, at: performance.now() });
          if (name === 'mooring:disconnecting') listener.ended = String(payload['reason']);
        }
      });
    });
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.close();
  }
}

function messageIn(json: string): string {
  return (JSON.parse(json) as { message?: string }).message ?? json;
}
