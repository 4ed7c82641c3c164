import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Question {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The whole of it; for a batch all there is, `id` and `method` being undefined. */
  readonly body: unknown;
}

type Behaviour = (question: Question, response: ServerResponse, socket: Socket) => void;

/** A JSON-RPC server that behaves as it is told, call by call; the last behaviour stays. */
export class FaultyHttp {
  readonly questions: Question[] = [];
  inFlight = 0;
  mostInFlight = 0;
  #behaviours: Behaviour[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  behave(...behaviours: Behaviour[]): void {
    this.#behaviours = behaviours;
    this.questions.length = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    response.once('close', () => (this.inFlight -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    const { id, method } = body as { id: number; method: string };
    const question = { id, method, body, path: request.url ?? '', authorization: request.headers.authorization };
    this.questions.push(question);
    const behaviour = this.#behaviours.length > 1 ? this.#behaviours.shift() : this.#behaviours[0];
    behaviour?.(question, response, request.socket);
  }
}

export const answer =
  (result: unknown): Behaviour =>
  ({ id }, response) =>
    void response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));

export const fail =
  (code: number, message: string, status = 200): Behaviour =>
  ({ id }, response) =>
    void response.writeHead(status).end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (_question, response) =>
    void response.writeHead(code, headers).end(body);

/** Accepts the question and never answers. */
export const silence: Behaviour = () => undefined;

export const reset: Behaviour = (_question, _response, socket) => void socket.resetAndDestroy();

/** Half an answer, then the end of the connection. */
export const truncated: Behaviour = (_question, response, socket) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"jsonrpc":"2.0",', () => socket.destroy());
};
