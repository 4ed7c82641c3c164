import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What the server does with the next letters. */
export type MailServerMode =
  /** 250. */
  | 'take'
  /** 451 to the letter: try again. */
  | 'later'
  /** 550 to the recipient. */
  | 'refuse'
  /** 550 to the sender: it is about us. */
  | 'refuse-sender'
  /** 554 before anything else: so is this. */
  | 'refuse-client'
  /** 250 after a second, as by one that looks for viruses. */
  | 'slow'
  /** Reads the letter and never answers. */
  | 'stall'
  /** Cuts the connection in the middle of the letter. */
  | 'cut';

const SLOW_MS = 1_000;
const DRIBBLE_MS = 100;

/** A letter the server said 250 to. */
export interface ReceivedMail {
  readonly to: readonly string[];
  readonly raw: string;
  readonly messageId: string;
}

export interface MailServer {
  readonly url: string;
  readonly received: ReceivedMail[];
  /** Letters begun, taken or not. */
  readonly begun: () => number;
  mode: MailServerMode;
  stop(): Promise<void>;
}

/** A real SMTP server on a free port that can fail in every way a test wants. */
export async function startMailServer(): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  let begun = 0;
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onConnect: (_session, callback) => {
      callback(server.mode === 'refuse-client' ? failure(554, 'your address is blocked') : undefined);
    },
    onMailFrom: (_address, _session, callback) => {
      callback(server.mode === 'refuse-sender' ? failure(550, 'not a sender of ours') : undefined);
    },
    onRcptTo: (_address, _session, callback) => {
      callback(server.mode === 'refuse' ? failure(550, 'no such mailbox') : undefined);
    },
    onData: (stream, session, callback) => {
      begun++;
      const { mode } = server;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (mode === 'cut') connectionOf(session.id)?.close();
      });
      stream.on('end', () => {
        if (mode === 'stall' || mode === 'cut') return;
        if (mode === 'later') return callback(failure(451, 'greylisted'));
        const raw = Buffer.concat(chunks).toString('utf8');
        const messageId = /^Message-ID:\s*(\S+)/im.exec(raw)?.[1] ?? '';
        received.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw, messageId });
        if (mode === 'slow') setTimeout(callback, SLOW_MS);
        else callback();
      });
    },
  });
  const connectionOf = (id: string) =>
    [...(smtp.connections as unknown as Set<{ id: string; close(): void }>)].find((one) => one.id === id);
  // Clients that are killed or give up reset their connections.
  smtp.on('error', () => {});
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo;
  const server: MailServer = {
    ...{ url: `smtp://127.0.0.1:${port}`, received, mode: 'take', begun: () => begun },
    stop: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
  return server;
}

function failure(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** A server that says this line, which is never the last one, again and again: from its greeting on, or after the letter. */
export async function startDribblingServer(line: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    const dribble = () => {
      const timer = setInterval(() => socket.write(`${line}wait\r\n`), DRIBBLE_MS);
      socket.on('close', () => clearInterval(timer));
    };
    if (line.startsWith('220')) return dribble();
    socket.write('220 here\r\n');
    let isInLetter = false;
    socket.on('data', (chunk) => {
      if (isInLetter) return dribble();
      isInLetter = chunk.toString().startsWith('DATA');
      socket.write(isInLetter ? '354 go on\r\n' : '250 ok\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
