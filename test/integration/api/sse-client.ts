import { request, type IncomingMessage } from 'node:http';
import { eventually } from '../../support/eventually.js';

/** A message as a client of Server-Sent Events understands it. */
export interface SseMessage {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly slot: number };
}

/** A real HTTP client of a stream, which can stop reading. */
export class SseClient {
  readonly messages: SseMessage[] = [];
  isEnded = false;
  #rest = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.on('close', () => (this.isEnded = true));
    response.on('error', () => undefined);
  }

  /** Opens a stream. `isReading: false`: takes nothing from the connection. */
  static async open(
    url: string,
    options: { readonly lastEventId?: string | undefined; readonly isReading?: boolean } = {},
  ): Promise<SseClient> {
    const { lastEventId, isReading = true } = options;
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { headers, agent: false }, resolve).on('error', reject).end();
    });
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
    const client = new SseClient(response);
    if (!isReading) response.pause();
    return client;
  }

  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }

  get ids(): string[] {
    return this.messages.filter(({ event }) => event === 'event').map(({ data }) => String(data['id']));
  }

  /** Of the last message. */
  get cursor(): string | undefined {
    return this.messages.at(-1)?.id;
  }

  /** Waits until everything up to this slot was told. */
  async until(slot: number, timeoutMs = 60_000): Promise<void> {
    await eventually(() => this.messages.some(({ event, data }) => event === 'slot' && data.slot >= slot), {
      timeoutMs,
    });
  }

  #take(chunk: string): void {
    const parts = (this.#rest + chunk).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(
        part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      this.messages.push({
        event: fields.get('event') ?? '',
        id: fields.get('id') ?? '',
        data: JSON.parse(data) as SseMessage['data'],
      });
    }
  }
}
