import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** How long a browser waits before it connects again, in milliseconds. */
const RETRY_MS = 1_000;
/** Shorter than the minute after which proxies cut what is silent, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** One message of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id: string;
  /** One line: JSON. */
  readonly data: string;
}

/** Writes Server-Sent Events (WHATWG HTML, 9.2), never faster than the client reads. */
export class SseWriter {
  readonly #ended = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;

  /** `stalledMs`: a client that takes nothing for so long is cut off. */
  constructor(
    private readonly response: ServerResponse,
    private readonly stalledMs: number,
  ) {
    response.once('close', () => this.#ended.abort());
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would hold back what is not a page full.
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#ended.signal.addEventListener('abort', () => clearInterval(this.#heartbeat), { once: true });
  }

  /** Aborted when the connection is gone, or the stream was ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Resolves when there is room for more, or the stream has ended. */
  async send({ event, id, data }: ServerSentEvent): Promise<void> {
    if (this.ended.aborted || this.response.write(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`)) return;
    const stalled = setTimeout(() => this.end(), this.stalledMs);
    // Aborted: there is nobody to wait for.
    await once(this.response, 'drain', { signal: this.ended }).catch(() => undefined);
    clearTimeout(stalled);
  }

  /** Ends the stream after what was written; a client that does not read is not waited for. */
  end(): void {
    this.#ended.abort();
    if (this.response.writableNeedDrain) this.response.destroy();
    else this.response.end();
  }

  #beat(): void {
    if (!this.response.writableNeedDrain) this.response.write(':\n\n');
  }
}
