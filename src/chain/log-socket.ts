import { WebSocket, type RawData } from 'ws';

/** Logs are 10 kB per transaction unless a node lifts the limit; a frame beyond this is not a notification. */
const LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024;

/** What a socket tells of itself. `onClose` comes once, also when it never opened; nothing comes after it. */
export interface LogSocketEvents {
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  readonly onPong: () => void;
  /** `detail` for people; it may contain the URL. */
  readonly onClose: (detail: string) => void;
}

/** One WebSocket connection. Sending on one that is closed does nothing: `onClose` says it. */
export interface LogSocket {
  send(text: string): void;
  ping(): void;
  /** Ends it without a handshake: a half-open one would not answer. */
  terminate(): void;
}

/** Begins to connect. @throws where the URL cannot be used at all. */
export type OpenLogSocket = (url: string, events: LogSocketEvents) => LogSocket;

/** A real one, by `ws`. */
export const openLogSocket: OpenLogSocket = (url, { onOpen, onMessage, onPong, onClose }) => {
  const socket = new WebSocket(url, { maxPayload: LARGEST_MESSAGE_BYTES, perMessageDeflate: false });
  let failure = '';
  socket.on('open', onOpen);
  socket.on('message', (data) => onMessage(textOf(data)));
  socket.on('pong', onPong);
  // 'close' follows every 'error'; without this listener an error would end the process.
  socket.on('error', (error) => (failure = error.message));
  socket.on('close', (code) => onClose(failure || `close code ${code}`));
  return {
    send: (text) => socket.send(text, () => undefined),
    ping: () => socket.ping(undefined, undefined, () => undefined),
    terminate: () => socket.terminate(),
  };
};

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as ArrayBuffer).toString('utf8');
}
